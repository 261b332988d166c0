// The parts of the GNU Scientific Library that simrun calls. Link order: `gsl` alone; no CBLAS is needed here.
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <gsl/gsl_sf.h>
#include <gsl/gsl_statistics_double.h>
