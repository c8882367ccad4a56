// A CUDA driver that runs dfdx's kernels on the host, one after the other, and counts calls.
//
// It shows that `report` opens devices, copies data and launches kernels as it should. It shows nothing
// about compiled kernels, threads that run at the same time, or speed.
//
// Environment variables:
//   STANDIN_DEVICES     the number of devices; default 1
//   STANDIN_COUNTS      the file to write counts of calls into, as JSON, when the process ends
//   STANDIN_FAIL_AFTER  the number of launches after which every call fails, as after a fault of a device
//   STANDIN_DRY         run no kernel; all memory is 0
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <string>

#include "shim.h"

thread_local Index blockIdx, threadIdx, blockDim, gridDim;

enum Status { OK = 0, NO_DEVICE = 100, INVALID_DEVICE = 101, NOT_FOUND = 500, FAULT = 700 };

struct Kernel {
  void *function;
  Caller caller;
};

static std::map<std::string, Kernel> &kernels() {
  static auto *kernels = new std::map<std::string, Kernel>;
  return *kernels;
}

int register_kernel(const char *name, void *function, Caller caller) {
  kernels()[name] = {function, caller};
  return 0;
}

static long number(const char *variable, long otherwise) {
  const char *text = getenv(variable);
  return text ? atol(text) : otherwise;
}

static const bool is_dry = number("STANDIN_DRY", 0) != 0;
static const long fail_after = number("STANDIN_FAIL_AFTER", -1);

static std::mutex lock;
static std::atomic<bool> has_failed{false};

struct Counts {
  std::map<std::string, long> of;
  ~Counts() {
    const char *path = getenv("STANDIN_COUNTS");
    FILE *file = path ? fopen(path, "w") : nullptr;
    if (!file) return;
    const char *separator = "";
    fprintf(file, "{");
    for (auto &[name, count] : of) {
      fprintf(file, "%s\"%s\": %ld", separator, name.c_str(), count);
      separator = ",\n ";
    }
    fprintf(file, "}\n");
    fclose(file);
  }
};

static Counts counts;

// Counts a call. Returns the status of the device.
extern "C" int standin_count(const char *name, long by) {
  std::lock_guard<std::mutex> guard(lock);
  counts.of[name] += by;
  return has_failed ? FAULT : OK;
}

extern "C" bool standin_is_dry() { return is_dry; }

#define COUNT(name) \
  if (int status = standin_count(name, 1)) return status

// Memory is not 0 at first, so that a kernel that reads it too early is noticed.
static int allocate(unsigned long long *address, size_t bytes) {
  COUNT(bytes ? "allocations" : "empty allocations");
  void *memory = malloc(bytes + 1);
  memset(memory, is_dry ? 0 : 0xff, bytes);
  *address = (unsigned long long)memory;
  return OK;
}

static int release(unsigned long long address) {
  COUNT("frees");
  free((void *)address);
  return OK;
}

static int copy(const char *name, const char *bytes_name, void *to, const void *from, size_t bytes) {
  COUNT(name);
  standin_count(bytes_name, long(bytes));
  memcpy(to, from, bytes);
  return OK;
}

typedef unsigned long long Address;

extern "C" {
int cuInit(unsigned) { return number("STANDIN_DEVICES", 1) > 0 ? OK : NO_DEVICE; }
int cuDeviceGetCount(int *count) {
  *count = int(number("STANDIN_DEVICES", 1));
  return OK;
}
int cuDeviceGet(int *device, int ordinal) {
  *device = ordinal;
  return ordinal < number("STANDIN_DEVICES", 1) ? OK : INVALID_DEVICE;
}
int cuDeviceGetAttribute(int *value, int, int) {
  *value = 1;
  return OK;
}
int cuDevicePrimaryCtxRetain(void **context, int) {
  *context = (void *)1;
  COUNT("devices opened");
  return OK;
}
int cuDevicePrimaryCtxRelease_v2(int) {
  COUNT("devices closed");
  return OK;
}
int cuCtxSetCurrent(void *) {
  COUNT("contexts set");
  return OK;
}
int cuCtxGetCurrent(void **context) {
  *context = (void *)1;
  return OK;
}
int cuCtxSynchronize() {
  COUNT("synchronisations");
  return OK;
}
int cuEventCreate(void **event, unsigned) {
  *event = (void *)1;
  COUNT("events created");
  return OK;
}
int cuEventDestroy_v2(void *) {
  COUNT("events destroyed");
  return OK;
}
int cuEventRecord(void *, void *) {
  COUNT("events recorded");
  return OK;
}
int cuStreamWaitEvent(void *, void *, unsigned) {
  COUNT("waits for events");
  return OK;
}
int cuStreamCreate(void **stream, unsigned) {
  *stream = (void *)1;
  COUNT("streams created");
  return OK;
}
int cuStreamDestroy_v2(void *) {
  COUNT("streams destroyed");
  return OK;
}
int cuStreamSynchronize(void *) {
  COUNT("synchronisations");
  return OK;
}
int cuMemAllocAsync(Address *address, size_t bytes, void *) { return allocate(address, bytes); }
int cuMemAlloc_v2(Address *address, size_t bytes) { return allocate(address, bytes); }
int cuMemFreeAsync(Address address, void *) { return release(address); }
int cuMemFree_v2(Address address) { return release(address); }
int cuMemsetD8Async(Address to, unsigned char value, size_t bytes, void *) {
  COUNT("memory sets");
  memset((void *)to, value, bytes);
  return OK;
}
int cuMemcpyHtoDAsync_v2(Address to, const void *from, size_t bytes, void *) {
  return copy("uploads", "bytes uploaded", (void *)to, from, bytes);
}
int cuMemcpyDtoHAsync_v2(void *to, Address from, size_t bytes, void *) {
  return copy("downloads", "bytes downloaded", to, (void *)from, bytes);
}
int cuMemcpyDtoDAsync_v2(Address to, Address from, size_t bytes, void *) {
  return copy("copies on the device", "bytes copied on the device", (void *)to, (void *)from, bytes);
}
int cuModuleLoadData(void **module, const void *) {
  *module = (void *)1;
  COUNT("modules loaded");
  return OK;
}
int cuModuleUnload(void *) {
  COUNT("modules unloaded");
  return OK;
}
int cuModuleGetFunction(void **function, void *, const char *name) {
  auto found = kernels().find(name);
  if (found == kernels().end()) {
    fprintf(stderr, "the stand-in driver has no kernel `%s`: add it to tests/cuda/standin/build.sh\n", name);
    return NOT_FOUND;
  }
  *function = &found->second;
  return OK;
}
int cuLaunchKernel(void *function, unsigned blocks, unsigned, unsigned, unsigned threads, unsigned, unsigned,
                   unsigned, void *, void **parameters, void **) {
  COUNT("launches");
  std::lock_guard<std::mutex> guard(lock);
  if (fail_after >= 0 && counts.of["launches"] > fail_after) has_failed = true;
  if (blocks == 0) return 1;
  if (is_dry) return OK;
  auto kernel = (Kernel *)function;
  gridDim = {blocks, 1, 1};
  blockDim = {threads, 1, 1};
  for (unsigned block = 0; block < blocks; block++)
    // dfdx's sum over a block adds the value of a later thread to that of an earlier one. From the last
    // thread to the first, each value is complete when it is added.
    for (unsigned thread = threads; thread-- > 0;) {
      blockIdx = {block, 0, 0};
      threadIdx = {thread, 0, 0};
      kernel->caller(kernel->function, parameters);
    }
  return OK;
}
int cuGetErrorName(int status, const char **name) {
  *name = status == NO_DEVICE        ? "CUDA_ERROR_NO_DEVICE"
          : status == INVALID_DEVICE ? "CUDA_ERROR_INVALID_DEVICE"
          : status == FAULT          ? "CUDA_ERROR_ILLEGAL_ADDRESS"
                                     : "CUDA_ERROR_UNKNOWN";
  return OK;
}
int cuGetErrorString(int status, const char **text) {
  *text = status == NO_DEVICE        ? "no CUDA-capable device is detected"
          : status == INVALID_DEVICE ? "invalid device ordinal"
          : status == FAULT          ? "an illegal memory access was encountered"
                                     : "unknown error";
  return OK;
}
}
