// What CUDA C++ has and C++ has not, so that g++ compiles the kernels of dfdx. One thread of the host runs
// all threads of a launch, from the last to the first: see `cuLaunchKernel` in driver.cpp.
#pragma once
#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#define __global__ __attribute__((weak))
#define __device__ inline
#define __forceinline__
#define __shared__ static
#define __syncthreads()

struct Index {
  unsigned x, y, z;
};
extern thread_local Index blockIdx, threadIdx, blockDim, gridDim;

typedef _Float16 __half;
#define __half2float(x) float(x)
#define __float2half(x) __half(x)
#define __hisnan(x) std::isnan(float(x))
#define __habs(x) __half(fabsf(x))
#define __hmax_nan(x, y) __half(fmaxf(x, y))
#define __hmin_nan(x, y) __half(fminf(x, y))
#define hcos(x) __half(cosf(x))
#define hsin(x) __half(sinf(x))
#define hsqrt(x) __half(sqrtf(x))
#define hlog(x) __half(logf(x))
#define hexp(x) __half(expf(x))

using std::isnan;
using std::max;
using std::min;
inline unsigned max(unsigned a, int b) { return std::max(a, unsigned(b)); }

template <class T, class U>
inline T atomicAdd(T *to, U value) {
  T old = *to;
  *to = T(old + T(value));
  return old;
}

// A kernel by its name, and a function that calls it with the parameters of a launch.
typedef void (*Caller)(void *kernel, void **parameters);
int register_kernel(const char *name, void *kernel, Caller caller);

template <class... A>
struct Call {
  template <size_t... I>
  static void with(void (*kernel)(A...), void **parameters, std::index_sequence<I...>) {
    kernel((*(std::remove_const_t<A> *)parameters[I])...);
  }
  static void call(void *kernel, void **parameters) {
    with((void (*)(A...))kernel, parameters, std::index_sequence_for<A...>{});
  }
};

template <class... A>
int add(const char *name, void (*kernel)(A...)) {
  return register_kernel(name, (void *)kernel, &Call<A...>::call);
}
