/* A Vulkan layer that fails or delays chosen calls, for tests of what a program does when its driver fails.
 *
 *     cc -shared -fPIC -O1 -pthread -o DIR/libfaults.so faults.c && cp faults.json DIR
 *     VK_LAYER_PATH=DIR VK_INSTANCE_LAYERS=VK_LAYER_STRIKELINE_faults VULKAN_FAULTS=vkQueueSubmit:3:ERROR_DEVICE_LOST program
 *
 * VULKAN_FAULTS is a list of FUNCTION:CALL:ACTION, separated by commas. CALL counts from 1; "3+" is the third call and all
 * after it. ACTION is
 *
 *     the name of a VkResult without VK_, such as ERROR_OUT_OF_HOST_MEMORY: the call returns it, and does nothing else;
 *     LOSE: the device is lost from this call on: it and all later calls that may say so return VK_ERROR_DEVICE_LOST;
 *     SLEEP=seconds: the call begins so much later;
 *     HANG: the call never returns.
 *
 * VULKAN_FAULTS_COUNT names a file to which the number of calls of each function is written when the program ends, and
 * VULKAN_FAULTS_DONE one to which a line is appended for each fault that was injected.
 *
 * All devices of a process are taken to be of one driver. */

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <vulkan/vk_layer.h>
#include <vulkan/vulkan.h>

#define EXPORT __attribute__((visibility("default")))

/* F(name, parameters, arguments): functions that return a VkResult. L: of these, those that may say that the device is lost. */
#define FUNCTIONS(F, L) \
    L(AllocateCommandBuffers, (VkDevice d, const VkCommandBufferAllocateInfo *a, VkCommandBuffer *b), (d, a, b)) \
    F(AllocateDescriptorSets, (VkDevice d, const VkDescriptorSetAllocateInfo *a, VkDescriptorSet *b), (d, a, b)) \
    F(AllocateMemory, (VkDevice d, const VkMemoryAllocateInfo *a, const VkAllocationCallbacks *b, VkDeviceMemory *c), (d, a, b, c)) \
    F(BeginCommandBuffer, (VkCommandBuffer d, const VkCommandBufferBeginInfo *a), (d, a)) \
    F(BindBufferMemory, (VkDevice d, VkBuffer a, VkDeviceMemory b, VkDeviceSize c), (d, a, b, c)) \
    F(BindImageMemory, (VkDevice d, VkImage a, VkDeviceMemory b, VkDeviceSize c), (d, a, b, c)) \
    F(CreateBuffer, (VkDevice d, const VkBufferCreateInfo *a, const VkAllocationCallbacks *b, VkBuffer *c), (d, a, b, c)) \
    F(CreateCommandPool, (VkDevice d, const VkCommandPoolCreateInfo *a, const VkAllocationCallbacks *b, VkCommandPool *c), (d, a, b, c)) \
    F(CreateDescriptorPool, (VkDevice d, const VkDescriptorPoolCreateInfo *a, const VkAllocationCallbacks *b, VkDescriptorPool *c), (d, a, b, c)) \
    F(CreateDescriptorSetLayout, (VkDevice d, const VkDescriptorSetLayoutCreateInfo *a, const VkAllocationCallbacks *b, VkDescriptorSetLayout *c), (d, a, b, c)) \
    F(CreateFence, (VkDevice d, const VkFenceCreateInfo *a, const VkAllocationCallbacks *b, VkFence *c), (d, a, b, c)) \
    F(CreateFramebuffer, (VkDevice d, const VkFramebufferCreateInfo *a, const VkAllocationCallbacks *b, VkFramebuffer *c), (d, a, b, c)) \
    F(CreateGraphicsPipelines, (VkDevice d, VkPipelineCache a, uint32_t b, const VkGraphicsPipelineCreateInfo *c, const VkAllocationCallbacks *e, VkPipeline *f), (d, a, b, c, e, f)) \
    F(CreateImage, (VkDevice d, const VkImageCreateInfo *a, const VkAllocationCallbacks *b, VkImage *c), (d, a, b, c)) \
    F(CreateImageView, (VkDevice d, const VkImageViewCreateInfo *a, const VkAllocationCallbacks *b, VkImageView *c), (d, a, b, c)) \
    F(CreatePipelineCache, (VkDevice d, const VkPipelineCacheCreateInfo *a, const VkAllocationCallbacks *b, VkPipelineCache *c), (d, a, b, c)) \
    F(GetPipelineCacheData, (VkDevice d, VkPipelineCache a, size_t *b, void *c), (d, a, b, c)) \
    F(CreatePipelineLayout, (VkDevice d, const VkPipelineLayoutCreateInfo *a, const VkAllocationCallbacks *b, VkPipelineLayout *c), (d, a, b, c)) \
    F(CreateQueryPool, (VkDevice d, const VkQueryPoolCreateInfo *a, const VkAllocationCallbacks *b, VkQueryPool *c), (d, a, b, c)) \
    F(CreateRenderPass, (VkDevice d, const VkRenderPassCreateInfo *a, const VkAllocationCallbacks *b, VkRenderPass *c), (d, a, b, c)) \
    F(CreateSampler, (VkDevice d, const VkSamplerCreateInfo *a, const VkAllocationCallbacks *b, VkSampler *c), (d, a, b, c)) \
    F(CreateSemaphore, (VkDevice d, const VkSemaphoreCreateInfo *a, const VkAllocationCallbacks *b, VkSemaphore *c), (d, a, b, c)) \
    F(CreateShaderModule, (VkDevice d, const VkShaderModuleCreateInfo *a, const VkAllocationCallbacks *b, VkShaderModule *c), (d, a, b, c)) \
    L(DeviceWaitIdle, (VkDevice d), (d)) \
    F(EndCommandBuffer, (VkCommandBuffer d), (d)) \
    F(FlushMappedMemoryRanges, (VkDevice d, uint32_t a, const VkMappedMemoryRange *b), (d, a, b)) \
    L(GetFenceStatus, (VkDevice d, VkFence a), (d, a)) \
    L(GetSemaphoreCounterValue, (VkDevice d, VkSemaphore a, uint64_t *b), (d, a, b)) \
    L(GetSemaphoreCounterValueKHR, (VkDevice d, VkSemaphore a, uint64_t *b), (d, a, b)) \
    F(InvalidateMappedMemoryRanges, (VkDevice d, uint32_t a, const VkMappedMemoryRange *b), (d, a, b)) \
    F(MapMemory, (VkDevice d, VkDeviceMemory a, VkDeviceSize b, VkDeviceSize c, VkMemoryMapFlags e, void **f), (d, a, b, c, e, f)) \
    L(QueueSubmit, (VkQueue d, uint32_t a, const VkSubmitInfo *b, VkFence c), (d, a, b, c)) \
    L(QueueWaitIdle, (VkQueue d), (d)) \
    F(ResetCommandPool, (VkDevice d, VkCommandPool a, VkCommandPoolResetFlags b), (d, a, b)) \
    F(ResetFences, (VkDevice d, uint32_t a, const VkFence *b), (d, a, b)) \
    L(WaitForFences, (VkDevice d, uint32_t a, const VkFence *b, VkBool32 c, uint64_t e), (d, a, b, c, e)) \
    L(WaitSemaphores, (VkDevice d, const VkSemaphoreWaitInfo *a, uint64_t b), (d, a, b)) \
    L(WaitSemaphoresKHR, (VkDevice d, const VkSemaphoreWaitInfo *a, uint64_t b), (d, a, b))

/* Those without a result: these can only be delayed. */
#define VOID_FUNCTIONS(V) \
    V(DestroyBuffer, (VkDevice d, VkBuffer a, const VkAllocationCallbacks *b), (d, a, b)) \
    V(DestroyDevice, (VkDevice d, const VkAllocationCallbacks *a), (d, a)) \
    V(FreeMemory, (VkDevice d, VkDeviceMemory a, const VkAllocationCallbacks *b), (d, a, b))

#define ONE(name, parameters, arguments) FUNCTION_##name,
enum function {
    FUNCTIONS(ONE, ONE) VOID_FUNCTIONS(ONE)
    FUNCTION_CreateInstance, FUNCTION_EnumeratePhysicalDevices, FUNCTION_CreateDevice, FUNCTION_COUNT
};
#undef ONE
#define ONE(name, parameters, arguments) "vk" #name,
static const char *const names[FUNCTION_COUNT] = {
    FUNCTIONS(ONE, ONE) VOID_FUNCTIONS(ONE) "vkCreateInstance", "vkEnumeratePhysicalDevices", "vkCreateDevice",
};
#undef ONE

static const struct {
    const char *name;
    VkResult result;
} results[] = {
#define ONE(name) {#name, VK_##name},
    ONE(ERROR_OUT_OF_HOST_MEMORY) ONE(ERROR_OUT_OF_DEVICE_MEMORY) ONE(ERROR_INITIALIZATION_FAILED)
    ONE(ERROR_DEVICE_LOST) ONE(ERROR_MEMORY_MAP_FAILED) ONE(ERROR_TOO_MANY_OBJECTS) ONE(ERROR_UNKNOWN)
    ONE(ERROR_FRAGMENTED_POOL) ONE(ERROR_OUT_OF_POOL_MEMORY) ONE(TIMEOUT) ONE(NOT_READY) ONE(INCOMPLETE)
#undef ONE
};

enum action { RETURN, LOSE, SLEEP, HANG };

struct fault {
    enum function function;
    unsigned call;
    bool from_there_on;
    enum action action;
    VkResult result;
    double seconds;
};

static struct fault faults[32];
static int fault_count;
static atomic_uint calls[FUNCTION_COUNT];
static atomic_bool lost;

static void refuse(const char *text) {
    fprintf(stderr, "vulkan_faults: cannot read %s\n", text);
    abort();
}

static void read_fault(char *text) {
    char *call = strchr(text, ':');
    char *action = call ? strchr(call + 1, ':') : NULL;
    if (!action || fault_count == (int)(sizeof faults / sizeof *faults)) refuse(text);
    *call++ = *action++ = 0;
    struct fault fault = {.function = FUNCTION_COUNT};
    for (int f = 0; f < FUNCTION_COUNT; f++)
        if (!strcmp(names[f], text)) fault.function = f;
    if (fault.function == FUNCTION_COUNT) refuse(text);
    fault.call = atoi(call);
    fault.from_there_on = strchr(call, '+') != NULL;
    if (!strcmp(action, "LOSE")) {
        fault.action = LOSE;
    } else if (!strcmp(action, "HANG")) {
        fault.action = HANG;
    } else if (!strncmp(action, "SLEEP=", 6)) {
        fault.action = SLEEP;
        fault.seconds = atof(action + 6);
    } else {
        bool found = false;
        for (size_t r = 0; r < sizeof results / sizeof *results; r++)
            if (!strcmp(results[r].name, action)) fault.result = results[r].result, found = true;
        if (!found) refuse(action);
    }
    faults[fault_count++] = fault;
}

__attribute__((constructor)) static void read_faults(void) {
    const char *list = getenv("VULKAN_FAULTS");
    char *copy = strdup(list ? list : ""), *rest = copy;
    for (char *one; (one = strsep(&rest, ",")) != NULL;)
        if (*one) read_fault(one);
    free(copy);
}

__attribute__((destructor)) static void write_counts(void) {
    const char *path = getenv("VULKAN_FAULTS_COUNT");
    FILE *file = path ? fopen(path, "w") : NULL;
    if (!file) return;
    for (int f = 0; f < FUNCTION_COUNT; f++) fprintf(file, "%s %u\n", names[f], calls[f]);
    fclose(file);
}

static void note(const struct fault *fault, unsigned call) {
    const char *path = getenv("VULKAN_FAULTS_DONE");
    FILE *file = path ? fopen(path, "a") : NULL;
    if (!file) return;
    fprintf(file, "%s %u\n", names[fault->function], call);
    fclose(file);
}

/* What call of `function` is to return rather than to be made; VK_SUCCESS when it is to be made. */
static VkResult injected(enum function function, bool may_lose) {
    unsigned call = ++calls[function];
    if (may_lose && lost) return VK_ERROR_DEVICE_LOST;
    for (int f = 0; f < fault_count; f++) {
        const struct fault *fault = &faults[f];
        if (fault->function != function || !(fault->call == call || (fault->from_there_on && call > fault->call))) continue;
        note(fault, call);
        switch (fault->action) {
        case RETURN: return fault->result;
        case LOSE: lost = true; return VK_ERROR_DEVICE_LOST;
        case SLEEP: usleep((useconds_t)(fault->seconds * 1e6)); break;
        case HANG: for (;;) pause();
        }
    }
    return VK_SUCCESS;
}

/* The functions of the next layer or the driver. */
static PFN_vkGetInstanceProcAddr next_instance_proc;
static PFN_vkGetDeviceProcAddr next_device_proc;
static PFN_vkEnumeratePhysicalDevices next_EnumeratePhysicalDevices;
#define ONE(name, parameters, arguments) static PFN_vk##name next_##name;
FUNCTIONS(ONE, ONE)
VOID_FUNCTIONS(ONE)
#undef ONE

#define WRAP(name, parameters, arguments, may_lose) \
    static VKAPI_ATTR VkResult VKAPI_CALL wrap_##name parameters { \
        VkResult result = injected(FUNCTION_##name, may_lose); \
        return result != VK_SUCCESS ? result : next_##name arguments; \
    }
#define F(name, parameters, arguments) WRAP(name, parameters, arguments, false)
#define L(name, parameters, arguments) WRAP(name, parameters, arguments, true)
#define V(name, parameters, arguments) \
    static VKAPI_ATTR void VKAPI_CALL wrap_##name parameters { \
        injected(FUNCTION_##name, false); \
        next_##name arguments; \
    }
FUNCTIONS(F, L)
VOID_FUNCTIONS(V)
#undef F
#undef L
#undef V

static VKAPI_ATTR VkResult VKAPI_CALL wrap_EnumeratePhysicalDevices(VkInstance instance, uint32_t *count, VkPhysicalDevice *devices) {
    VkResult result = injected(FUNCTION_EnumeratePhysicalDevices, false);
    return result != VK_SUCCESS ? result : next_EnumeratePhysicalDevices(instance, count, devices);
}

static VKAPI_ATTR VkResult VKAPI_CALL wrap_CreateInstance(const VkInstanceCreateInfo *info, const VkAllocationCallbacks *allocator, VkInstance *instance) {
    VkLayerInstanceCreateInfo *link = (VkLayerInstanceCreateInfo *)info->pNext;
    while (link && !(link->sType == VK_STRUCTURE_TYPE_LOADER_INSTANCE_CREATE_INFO && link->function == VK_LAYER_LINK_INFO))
        link = (VkLayerInstanceCreateInfo *)link->pNext;
    if (!link) return VK_ERROR_INITIALIZATION_FAILED;
    next_instance_proc = link->u.pLayerInfo->pfnNextGetInstanceProcAddr;
    link->u.pLayerInfo = link->u.pLayerInfo->pNext;
    VkResult result = injected(FUNCTION_CreateInstance, false);
    if (result != VK_SUCCESS) return result;
    PFN_vkCreateInstance create = (PFN_vkCreateInstance)next_instance_proc(NULL, "vkCreateInstance");
    result = create(info, allocator, instance);
    if (result == VK_SUCCESS)
        next_EnumeratePhysicalDevices = (PFN_vkEnumeratePhysicalDevices)next_instance_proc(*instance, "vkEnumeratePhysicalDevices");
    return result;
}

static VKAPI_ATTR VkResult VKAPI_CALL wrap_CreateDevice(VkPhysicalDevice physical, const VkDeviceCreateInfo *info, const VkAllocationCallbacks *allocator, VkDevice *device) {
    VkLayerDeviceCreateInfo *link = (VkLayerDeviceCreateInfo *)info->pNext;
    while (link && !(link->sType == VK_STRUCTURE_TYPE_LOADER_DEVICE_CREATE_INFO && link->function == VK_LAYER_LINK_INFO))
        link = (VkLayerDeviceCreateInfo *)link->pNext;
    if (!link) return VK_ERROR_INITIALIZATION_FAILED;
    PFN_vkGetInstanceProcAddr instance_proc = link->u.pLayerInfo->pfnNextGetInstanceProcAddr;
    next_device_proc = link->u.pLayerInfo->pfnNextGetDeviceProcAddr;
    link->u.pLayerInfo = link->u.pLayerInfo->pNext;
    VkResult result = injected(FUNCTION_CreateDevice, true);
    if (result != VK_SUCCESS) return result;
    PFN_vkCreateDevice create = (PFN_vkCreateDevice)instance_proc(NULL, "vkCreateDevice");
    result = create(physical, info, allocator, device);
    if (result != VK_SUCCESS) return result;
#define ONE(name, parameters, arguments) next_##name = (PFN_vk##name)next_device_proc(*device, "vk" #name);
    FUNCTIONS(ONE, ONE)
    VOID_FUNCTIONS(ONE)
#undef ONE
    return VK_SUCCESS;
}

static PFN_vkVoidFunction device_wrap(const char *name) {
#define ONE(function, parameters, arguments) \
    if (!strcmp(name, "vk" #function)) return (PFN_vkVoidFunction)wrap_##function;
    FUNCTIONS(ONE, ONE)
    VOID_FUNCTIONS(ONE)
#undef ONE
    return NULL;
}

EXPORT VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL faults_GetDeviceProcAddr(VkDevice device, const char *name) {
    if (!strcmp(name, "vkGetDeviceProcAddr")) return (PFN_vkVoidFunction)faults_GetDeviceProcAddr;
    PFN_vkVoidFunction next = next_device_proc(device, name), wrap = device_wrap(name);
    /* What the driver lacks, the layer does not offer. */
    return next && wrap ? wrap : next;
}

EXPORT VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL faults_GetInstanceProcAddr(VkInstance instance, const char *name) {
    if (!strcmp(name, "vkGetInstanceProcAddr")) return (PFN_vkVoidFunction)faults_GetInstanceProcAddr;
    if (!strcmp(name, "vkGetDeviceProcAddr")) return (PFN_vkVoidFunction)faults_GetDeviceProcAddr;
    if (!strcmp(name, "vkCreateInstance")) return (PFN_vkVoidFunction)wrap_CreateInstance;
    if (!strcmp(name, "vkCreateDevice")) return (PFN_vkVoidFunction)wrap_CreateDevice;
    if (!strcmp(name, "vkEnumeratePhysicalDevices")) return (PFN_vkVoidFunction)wrap_EnumeratePhysicalDevices;
    return next_instance_proc ? next_instance_proc(instance, name) : NULL;
}

EXPORT VKAPI_ATTR VkResult VKAPI_CALL vkNegotiateLoaderLayerInterfaceVersion(VkNegotiateLayerInterface *negotiation) {
    negotiation->loaderLayerInterfaceVersion = 2;
    negotiation->pfnGetInstanceProcAddr = faults_GetInstanceProcAddr;
    negotiation->pfnGetDeviceProcAddr = faults_GetDeviceProcAddr;
    negotiation->pfnGetPhysicalDeviceProcAddr = NULL;
    return VK_SUCCESS;
}
