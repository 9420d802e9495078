/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nvmlsim run-process and kill-process: GPU clients that are real processes, and sleep. */
#include "cli.h"
#include "load.h"
#include "models.h"
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

/* argv: NAME --nvmlsim-client PIPE.  Says on the pipe that it is up, then sleeps until a signal ends it. */
int sleeper(char **argv)
{
    int pipe_end = argv[2] != NULL ? atoi(argv[2]) : -1;

    prctl(PR_SET_NAME, argv[0]);
    if (write(pipe_end, "", 1) != 1)
        return 1;
    close(pipe_end);
    for (;;)
        pause();
}

static pid_t start(const char *name)
{
    char end[16], *arguments[] = {(char *)name, "--nvmlsim-client", end, NULL}, byte;
    int ends[2], null;
    pid_t pid;

    if (pipe(ends) != 0)
        fatal("cannot make a pipe: %s", strerror(errno));
    snprintf(end, sizeof(end), "%d", ends[1]);
    pid = fork();
    if (pid < 0)
        fatal("cannot fork: %s", strerror(errno));
    if (pid == 0) {
        setsid();
        null = open("/dev/null", O_RDWR);
        dup2(null, 0), dup2(null, 1), dup2(null, 2);
        close(ends[0]);
        execv("/proc/self/exe", arguments);
        _exit(127);
    }
    close(ends[1]);
    if (read(ends[0], &byte, 1) != 1)
        fatal("the client process did not start");
    close(ends[0]);
    return pid;
}

static void place(const struct sim_state *state, struct sim_process *process, long ci)
{
    const struct sim_gpu *gpu = &state->gpu[process->gpu];
    const struct gpu_model *model = model_by_key(gpu->model);
    unsigned long long room = (unsigned long long)(gpu->ecc_current ? model->memory_ecc_mib : model->memory_mib) - model->reserved_mib;

    if (gpu->lost)
        fatal("GPU %u is lost", process->gpu);
    if (gpu->mig_current && process->gi == SIM_NO_INSTANCE)
        fatal("GPU %u is in MIG mode: a client runs on a GPU instance, so name one with --gi", process->gpu);
    for (int g = 0; g < SIM_MAX_GI && process->gi != SIM_NO_INSTANCE; g++) {
        for (int c = 0; c < SIM_MAX_CI; c++) {
            const struct sim_ci *candidate = &gpu->gi[g].ci[c];

            if (gpu->gi[g].serial == 0 || gpu->gi[g].id != (unsigned int)process->gi || candidate->serial == 0)
                continue;
            room = model->profiles[gpu->gi[g].profile].memory_mib;
            if (ci < 0 ? process->ci < 0 || (int)candidate->id < process->ci : candidate->id == (unsigned long)ci)
                process->ci = (int)candidate->id;
        }
    }
    if (process->gi != SIM_NO_INSTANCE && process->ci == SIM_NO_INSTANCE)
        fatal("GPU %u has no %sinstance %d%s", process->gpu, ci < 0 ? "GPU " : "such compute instance on GPU ", process->gi,
              ci < 0 ? " with a compute instance" : "");
    if (gpu->compute_mode == 2 && process->kind != SIM_CLIENT_GRAPHICS)
        fatal("GPU %u is in compute mode prohibited", process->gpu);
    if (gpu->compute_mode == 3 && process_count(state, process->gpu) > 0)
        fatal("GPU %u is in compute mode exclusive process and has a client", process->gpu);
    if (process_memory(state, process->gpu, process->gi) + process->memory > room << 20)
        fatal("GPU %u has not so much memory left", process->gpu);
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {{"gpu", 1, NULL, 'g'},  {"gi", 1, NULL, 'i'},   {"ci", 1, NULL, 'c'},
                                            {"memory", 1, NULL, 'm'}, {"name", 1, NULL, 'n'}, {"util", 1, NULL, 'u'},
                                            {"kind", 1, NULL, 'k'}, {NULL, 0, NULL, 0}};
    static struct sim_state state;
    struct sim_process process = {.memory = 256ull << 20, .gi = SIM_NO_INSTANCE, .ci = SIM_NO_INSTANCE, .util = 100};
    struct sim_process *slot = NULL;
    const char *gpu = NULL;
    long ci = -1;
    int option, lock;

    snprintf(process.name, sizeof(process.name), "gpu-client");
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'g':
            gpu = optarg;
            break;
        case 'i':
            process.gi = (int)number("--gi", optarg, 0, 100);
            break;
        case 'c':
            ci = (long)number("--ci", optarg, 0, 100);
            break;
        case 'm':
            process.memory = (uint64_t)number("--memory", optarg, 0, 1u << 20) << 20;
            break;
        case 'n':
            if (*optarg == '\0' || strlen(optarg) >= sizeof(process.name))
                usage_error("a process's name has 1 to %zu characters", sizeof(process.name) - 1);
            snprintf(process.name, sizeof(process.name), "%s", optarg);
            break;
        case 'u':
            process.util = (uint32_t)number("--util", optarg, 0, 100);
            break;
        case 'k':
            if (strcmp(optarg, "compute") == 0)
                process.kind = SIM_CLIENT_COMPUTE;
            else if (strcmp(optarg, "graphics") == 0)
                process.kind = SIM_CLIENT_GRAPHICS;
            else if (strcmp(optarg, "mps") == 0)
                process.kind = SIM_CLIENT_MPS;
            else
                usage_error("--kind is compute, graphics or mps, not '%s'", optarg);
            break;
        default:
            return 2;
        }
    }
    if (optind < argc)
        usage_error("'%s' is one argument too many", argv[optind]);
    if (gpu == NULL)
        usage_error("--gpu N is missing");
    if (ci >= 0 && process.gi == SIM_NO_INSTANCE)
        usage_error("--ci needs --gi");
    lock = change_state(&state);
    process.gpu = gpu_number(&state, gpu);
    if (state.driver != SIM_DRIVER_LOADED)
        fatal("the driver is not loaded");
    place(&state, &process, ci);
    for (int i = 0; i < SIM_MAX_PROCS && slot == NULL; i++)
        if (state.process[i].pid == 0)
            slot = &state.process[i];
    if (slot == NULL)
        fatal("there are %d clients already", SIM_MAX_PROCS);
    process.pid = (uint32_t)start(process.name);
    process.start_time = process_start_time(process.pid);
    *slot = process;
    save_state(&state, lock);
    printf("%u\n", process.pid);
    return 0;
}

const struct verb verb_run_process = {
    "run-process", run,
    "run-process --gpu N [--gi ID [--ci ID]] [--memory MiB] [--util PCT] [--name NAME] [--kind compute|graphics|mps]\n"
    "\n"
    "Starts a process that counts as a client of the GPU, or of a compute instance on a GPU instance, and prints its\n"
    "pid. The process is real, has that name, and sleeps until it is killed. Defaults: 256 MiB, 100 %, gpu-client."};

static void end(unsigned int pid, uint64_t start_time)
{
    const struct timespec pause_between = {0, 5 * 1000 * 1000};

    kill((pid_t)pid, SIGKILL);
    for (int i = 0; i < 400 && process_start_time(pid) == start_time; i++)
        nanosleep(&pause_between, NULL);
}

static int run_kill(int argc, char **argv)
{
    static const struct option options[] = {{"all", 0, NULL, 'a'}, {"gpu", 1, NULL, 'g'}, {NULL, 0, NULL, 0}};
    static struct sim_state state;
    const char *gpu = NULL;
    unsigned int index = 0;
    int option, all = 0, lock;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'a')
            all = 1;
        else if (option == 'g')
            gpu = optarg;
        else
            return 2;
    }
    if ((optind < argc) + all + (gpu != NULL) != 1)
        usage_error("name PIDs, or --gpu N, or --all");
    lock = change_state(&state);
    if (gpu != NULL)
        index = gpu_number(&state, gpu);
    for (int i = optind; i < argc; i++) {
        unsigned int pid = (unsigned int)number("a PID", argv[i], 1, 0x7fffffff), found = 0;

        for (int p = 0; p < SIM_MAX_PROCS; p++)
            found |= state.process[p].pid == pid;
        if (!found)
            fatal("%u is no GPU client", pid);
    }
    for (int p = 0; p < SIM_MAX_PROCS; p++) {
        struct sim_process *process = &state.process[p];
        int chosen = all || (gpu != NULL && process->gpu == index);

        for (int i = optind; i < argc; i++)
            chosen |= process->pid == strtoul(argv[i], NULL, 10);
        if (process->pid != 0 && chosen)
            end(process->pid, process->start_time);
    }
    process_prune(&state);
    save_state(&state, lock);
    return 0;
}

const struct verb verb_kill_process = {"kill-process", run_kill,
                                       "kill-process PID... | --gpu N | --all\n\nKills GPU clients and waits until they are gone."};
