// Arguments: command lines from one table. The table of a verb gives its parser, its help text, its shell
// completions and its manual page.
