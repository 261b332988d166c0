// The one routine of OpenBLAS that simrun calls, by its Fortran name: libgslcblas has the cblas_* names too, and which
// of the two answers would depend on the order of linking. It has no sgemm_.
void sgemm_(const char *transposeA, const char *transposeB, const int *rows, const int *columns, const int *depth,
            const float *alpha, const float *a, const int *strideA, const float *b, const int *strideB,
            const float *beta, float *c, const int *strideC);
void openblas_set_num_threads(int count);
