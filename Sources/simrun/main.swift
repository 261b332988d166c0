// simrun: arguments in, tables out. Each verb stands in Verbs/; what it does is in the libraries.

import Arguments
import Glibc
import Reporting

Interruption.install()
NeuralBitrateModel.install()
NeuralPopularityModel.install()
let arguments = Array(CommandLine.arguments.dropFirst())
exit(Simrun.run(arguments).rawValue)
