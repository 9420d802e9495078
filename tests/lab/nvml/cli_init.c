/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nvmlsim init: a new node, from options or from a fleet file. */
#include "cli.h"
#include "fail.h"
#include "models.h"

#include <errno.h>
#include <getopt.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct wanted_gpu {
    const struct gpu_model *model;
    unsigned int count;
    char pci[32], uuid[SIM_UUID_SIZE], serial[24];
};

struct wanted {
    char node[64], driver[32];
    int flavour; /* -1: as the models need */
    unsigned int gpus;
    struct wanted_gpu gpu[SIM_MAX_GPUS];
};

static const struct gpu_model *find_model(const char *key)
{
    const struct gpu_model *model = model_by_key(key);
    char known[512] = "";

    for (unsigned int i = 0; model == NULL && i < gpu_model_count; i++)
        snprintf(known + strlen(known), sizeof(known) - strlen(known), "%s%s", i > 0 ? ", " : "", gpu_models[i].key);
    if (model == NULL)
        usage_error("there is no model '%s'; there are %s", key, known);
    return model;
}

static struct wanted_gpu *want(struct wanted *wanted, const char *key, const char *count)
{
    struct wanted_gpu *gpu;

    if (wanted->gpus == SIM_MAX_GPUS)
        usage_error("a node has at most %d GPUs", SIM_MAX_GPUS);
    gpu = &wanted->gpu[wanted->gpus++];
    gpu->model = find_model(key);
    gpu->count = count != NULL ? (unsigned int)number("the count of GPUs", count, 1, SIM_MAX_GPUS) : 1;
    return gpu;
}

static void set_driver(struct wanted *wanted, const char *version)
{
    int major, minor, patch, used = 0;

    if ((sscanf(version, "%d.%d.%d%n", &major, &minor, &patch, &used) < 3 || version[used] != '\0') &&
        (sscanf(version, "%d.%d%n", &major, &minor, &used) < 2 || version[used] != '\0'))
        usage_error("the driver version is like 550.163.01, not '%s'", version);
    snprintf(wanted->driver, sizeof(wanted->driver), "%s", version);
}

static void set_flavour(struct wanted *wanted, const char *text)
{
    if (strcmp(text, "open") != 0 && strcmp(text, "proprietary") != 0)
        usage_error("the flavour is open or proprietary, not '%s'", text);
    wanted->flavour = strcmp(text, "open") == 0;
}

static void gpu_line(struct wanted *wanted, const char *path, int line, char *save)
{
    char *word = strtok_r(NULL, " \t\r\n", &save);
    struct wanted_gpu *gpu;
    struct sim_gpu scratch;

    if (word == NULL)
        usage_error("%s:%d: 'gpu' needs a model", path, line);
    gpu = want(wanted, word, NULL);
    while ((word = strtok_r(NULL, " \t\r\n", &save)) != NULL) {
        if (strncmp(word, "pci=", 4) == 0) {
            if (gpu_bdf_parse(word + 4, &scratch) != 0)
                usage_error("%s:%d: a PCI address is like 0000:17:00.0, not '%s'", path, line, word + 4);
            snprintf(gpu->pci, sizeof(gpu->pci), "%s", word + 4);
        } else if (strncmp(word, "uuid=", 5) == 0) {
            if (strncmp(word + 5, "GPU-", 4) != 0 || strlen(word + 5) != 40)
                usage_error("%s:%d: a UUID is GPU- and 36 more characters, not '%s'", path, line, word + 5);
            snprintf(gpu->uuid, sizeof(gpu->uuid), "%s", word + 5);
        } else if (strncmp(word, "serial=", 7) == 0) {
            snprintf(gpu->serial, sizeof(gpu->serial), "%s", word + 7);
        } else if (strncmp(word, "count=", 6) == 0) {
            gpu->count = (unsigned int)number("count", word + 6, 1, SIM_MAX_GPUS);
        } else {
            usage_error("%s:%d: after the model come pci=, uuid=, serial= and count=, not '%s'", path, line, word);
        }
    }
    if (gpu->count > 1 && (*gpu->pci || *gpu->uuid || *gpu->serial))
        usage_error("%s:%d: pci=, uuid= and serial= name one GPU, so they do not go with count=%u", path, line, gpu->count);
}

static void read_fleet(struct wanted *wanted, const char *path)
{
    FILE *file = fopen(path, "re");
    char text[512];

    if (file == NULL)
        usage_error("cannot read %s: %s", path, strerror(errno));
    for (int line = 1; fgets(text, sizeof(text), file) != NULL; line++) {
        char *save, *key, *value;

        text[strcspn(text, "#")] = '\0';
        key = strtok_r(text, " \t\r\n", &save);
        if (key == NULL)
            continue;
        if (strcmp(key, "gpu") == 0) {
            gpu_line(wanted, path, line, save);
            continue;
        }
        value = strtok_r(NULL, " \t\r\n", &save);
        if (value == NULL || strtok_r(NULL, " \t\r\n", &save) != NULL)
            usage_error("%s:%d: '%s' takes one value", path, line, key);
        if (strcmp(key, "driver") == 0)
            set_driver(wanted, value);
        else if (strcmp(key, "node") == 0)
            snprintf(wanted->node, sizeof(wanted->node), "%s", value);
        else if (strcmp(key, "flavour") == 0)
            set_flavour(wanted, value);
        else
            usage_error("%s:%d: a line begins with gpu, driver, node or flavour, not '%s'", path, line, key);
    }
    fclose(file);
}

static void build(struct sim_state *state, struct wanted *wanted)
{
    for (unsigned int i = 0; i < wanted->gpus; i++)
        if (wanted->gpu[i].model->open_required && wanted->flavour == 0)
            usage_error("%s works with the open kernel modules only", wanted->gpu[i].model->key);
        else if (wanted->gpu[i].model->open_required)
            wanted->flavour = 1;
    node_init(state, wanted->node, wanted->driver, wanted->flavour == 1);
    for (unsigned int i = 0; i < wanted->gpus; i++) {
        for (unsigned int j = 0; j < wanted->gpu[i].count; j++) {
            struct sim_gpu *gpu = node_add_gpu(state, wanted->gpu[i].model);

            if (gpu == NULL)
                usage_error("a node has at most %d GPUs", SIM_MAX_GPUS);
            if (*wanted->gpu[i].pci)
                gpu_bdf_parse(wanted->gpu[i].pci, gpu);
            if (*wanted->gpu[i].uuid)
                memcpy(gpu->uuid, wanted->gpu[i].uuid, sizeof(gpu->uuid));
            if (*wanted->gpu[i].serial)
                memcpy(gpu->serial, wanted->gpu[i].serial, sizeof(gpu->serial));
        }
    }
    for (unsigned int i = 0; i < state->gpu_count; i++) {
        for (unsigned int j = 0; j < i; j++) {
            char bdf[32];

            gpu_bdf(&state->gpu[i], bdf, sizeof(bdf));
            if (state->gpu[i].pci_bus == state->gpu[j].pci_bus && state->gpu[i].pci_device == state->gpu[j].pci_device &&
                state->gpu[i].pci_domain == state->gpu[j].pci_domain)
                usage_error("GPU %u and GPU %u are both at %s", j, i, bdf);
            if (strcmp(state->gpu[i].uuid, state->gpu[j].uuid) == 0)
                usage_error("GPU %u and GPU %u both have the UUID %s", j, i, state->gpu[i].uuid);
        }
    }
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {{"gpu", 1, NULL, 'g'},    {"fleet", 1, NULL, 'f'},   {"driver", 1, NULL, 'd'},
                                            {"node", 1, NULL, 'n'},   {"flavour", 1, NULL, 'v'}, {NULL, 0, NULL, 0}};
    static struct sim_state state;
    static struct wanted wanted;
    char path[4096], *colon;
    int option, lock;

    wanted.flavour = -1;
    gethostname(wanted.node, sizeof(wanted.node) - 1);
    snprintf(wanted.driver, sizeof(wanted.driver), "%s", SIM_DEFAULT_DRIVER);
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'g':
            colon = strchr(optarg, ':');
            if (colon != NULL)
                *colon = '\0';
            want(&wanted, optarg, colon != NULL ? colon + 1 : NULL);
            break;
        case 'f':
            read_fleet(&wanted, optarg);
            break;
        case 'd':
            set_driver(&wanted, optarg);
            break;
        case 'n':
            if (strlen(optarg) >= sizeof(wanted.node) || *optarg == '\0')
                usage_error("a node's name has 1 to %zu characters", sizeof(wanted.node) - 1);
            snprintf(wanted.node, sizeof(wanted.node), "%s", optarg);
            break;
        case 'v':
            set_flavour(&wanted, optarg);
            break;
        default:
            return 2;
        }
    }
    if (optind < argc)
        usage_error("'%s' is one argument too many", argv[optind]);
    build(&state, &wanted);
    snprintf(path, sizeof(path), "%s", state_path());
    if (mkdir(dirname(path), 0755) != 0 && errno != EEXIST)
        fatal("cannot make %s: %s", path, strerror(errno));
    lock = state_lock();
    if (lock < 0)
        fatal("cannot write beside %s: %s", state_path(), strerror(errno));
    fail_clear();
    unlink(state_side_path(".calls", path, sizeof(path)));
    save_state(&state, lock);
    return 0;
}

const struct verb verb_init = {
    "init", run,
    "init [--gpu MODEL[:COUNT]]... [--fleet FILE] [--driver VERSION] [--node NAME] [--flavour open|proprietary]\n"
    "\n"
    "Makes a new node and forgets the old one, the failures ordered and the log of calls. UUIDs and serials follow\n"
    "from the node's name (default: the host's name), so the same definition gives the same GPUs again. No --gpu: a\n"
    "node with a driver and no GPU.\n"
    "A fleet file has lines 'gpu MODEL [pci=0000:17:00.0] [uuid=GPU-...] [serial=...] [count=N]', 'driver VERSION',\n"
    "'node NAME' and 'flavour open|proprietary'; '#' begins a comment. Later options win over the file's lines."};
