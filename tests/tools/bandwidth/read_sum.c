// The RAM read as fast as two threads of plain AVX-512 sums can: something to hold `willitrun measure ram` against.
// Prints the best of twelve rounds in GB/s. Build: cc -O3 -march=native -pthread read_sum.c -o read_sum
#define _GNU_SOURCE
#include <immintrin.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define BYTES (1UL << 30)
#define THREADS 2
#define ROUNDS 12

static pthread_barrier_t barrier;
static double best;
static uint64_t sums[THREADS];

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec * 1e-9;
}

static void *work(void *arg) {
    long id = (long)arg;
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(id, &set);
    pthread_setaffinity_np(pthread_self(), sizeof set, &set);
    char *buffer = mmap(0, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (buffer == MAP_FAILED) return 0;
    madvise(buffer, BYTES, MADV_HUGEPAGE);
    memset(buffer, 1, BYTES);
    for (int round = 0; round < ROUNDS; round++) {
        pthread_barrier_wait(&barrier);
        double begun = now();
        __m512i a = _mm512_setzero_si512(), b = a, c = a, d = a;
        for (size_t i = 0; i < BYTES; i += 256) {
            a = _mm512_add_epi64(a, _mm512_load_si512(buffer + i));
            b = _mm512_add_epi64(b, _mm512_load_si512(buffer + i + 64));
            c = _mm512_add_epi64(c, _mm512_load_si512(buffer + i + 128));
            d = _mm512_add_epi64(d, _mm512_load_si512(buffer + i + 192));
        }
        sums[id] += _mm512_reduce_add_epi64(_mm512_add_epi64(_mm512_add_epi64(a, b), _mm512_add_epi64(c, d)));
        pthread_barrier_wait(&barrier);
        if (id == 0) {
            double rate = THREADS * (double)BYTES / (now() - begun) / 1e9;
            if (rate > best) best = rate;
        }
    }
    return 0;
}

int main(void) {
    pthread_t threads[THREADS];
    pthread_barrier_init(&barrier, 0, THREADS);
    for (long i = 0; i < THREADS; i++) pthread_create(&threads[i], 0, work, (void *)i);
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], 0);
    printf("%.2f\n", best);
    fprintf(stderr, "%lu\n", (unsigned long)(sums[0] + sums[1]));
}
