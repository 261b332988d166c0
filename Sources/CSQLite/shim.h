// SQLite, the database of results.
#include <sqlite3.h>
