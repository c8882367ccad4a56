// The functions of cuBLAS that dfdx calls for `f32` matrices, on the host. See driver.cpp.
#include <algorithm>
#include <cstdio>

extern "C" {
int standin_count(const char *name, long by);
bool standin_is_dry();

enum Status { OK = 0, INVALID_VALUE = 7, EXECUTION_FAILED = 13 };

int cublasCreate_v2(void **handle) {
  *handle = (void *)1;
  return standin_count("cuBLAS handles", 1) ? EXECUTION_FAILED : OK;
}
int cublasDestroy_v2(void *) { return standin_count("cuBLAS handles destroyed", 1) ? EXECUTION_FAILED : OK; }
int cublasSetStream_v2(void *, void *) { return standin_count("cuBLAS streams", 1) ? EXECUTION_FAILED : OK; }

static int multiply(const char *name, int a_transposed, int b_transposed, int m, int n, int k, const float *alpha,
                    const float *a, int lda, const float *b, int ldb, const float *beta, float *c, int ldc) {
  if (lda < std::max(1, a_transposed ? k : m) || ldb < std::max(1, b_transposed ? n : k) || ldc < std::max(1, m)) {
    fprintf(stderr, "%s: a leading dimension is too small: %d, %d, %d\n", name, lda, ldb, ldc);
    return INVALID_VALUE;
  }
  if (standin_is_dry()) return OK;
  for (long j = 0; j < n; j++)
    for (long i = 0; i < m; i++) {
      double sum = 0;
      for (long l = 0; l < k; l++)
        sum += double(a_transposed ? a[l + i * lda] : a[i + l * lda]) * (b_transposed ? b[j + l * ldb] : b[l + j * ldb]);
      // With a factor of 0, the old value counts for nothing, even if it is NaN.
      float &value = c[i + j * ldc];
      value = float(*alpha * sum + (*beta == 0 ? 0 : *beta * double(value)));
    }
  return OK;
}

int cublasSgemm_v2(void *, int a_transposed, int b_transposed, int m, int n, int k, const float *alpha,
                   const float *a, int lda, const float *b, int ldb, const float *beta, float *c, int ldc) {
  if (standin_count("products", 1)) return EXECUTION_FAILED;
  return multiply("cublasSgemm", a_transposed, b_transposed, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

// One call for many products counts as one.
int cublasSgemmStridedBatched(void *, int a_transposed, int b_transposed, int m, int n, int k, const float *alpha,
                              const float *a, int lda, long long a_stride, const float *b, int ldb, long long b_stride,
                              const float *beta, float *c, int ldc, long long c_stride, int batches) {
  if (standin_count("products", 1)) return EXECUTION_FAILED;
  int status = OK;
  for (long i = 0; i < batches && status == OK; i++)
    status = multiply("cublasSgemmStridedBatched", a_transposed, b_transposed, m, n, k, alpha, a + i * a_stride, lda,
                      b + i * b_stride, ldb, beta, c + i * c_stride, ldc);
  return status;
}

// No network of `report` calls these; the binary names them.
#define ABSENT(name) \
  int name() { return INVALID_VALUE; }
ABSENT(cublasDgemm_v2)
ABSENT(cublasDgemmStridedBatched)
ABSENT(cublasDgemv_v2)
ABSENT(cublasGemmEx)
ABSENT(cublasGemmStridedBatchedEx)
ABSENT(cublasSgemv_v2)
}
