/*
 * Floating-point flags for numpy's loops, found in what went in and came out: WebAssembly's arithmetic raises none.
 *
 * A loop `plain(args, dimensions, steps, data)` becomes
 *
 *     flags_init(&frame, args, dimensions, steps, kind);
 *     while (flags_next_f64(&frame)) plain(frame.args, frame.dimensions, steps, data);
 *
 * which runs a reduction at once, and all else in parts: small ones, with their inputs kept aside, where results overwrite these.
 * Nothing here calls anything or has data of its own, so that the functions' bodies can be put into the interpreter's module as they are.
 */

typedef __SIZE_TYPE__ size;

/* The word in which numpy keeps its flags, and their bits. */
#define STATUS (*(int *)27608152)
enum { INVALID = 1, DIVIDE = 4, OVERFLOW = 8, UNDERFLOW = 16 };

/* What a loop computes. Those from LOG on have one input. */
enum kind { PLAIN2, SUM, MULTIPLY, QUOTIENT, POWER, LOG, LOG1P, ARCTANH, RECIPROCAL, SQUARE, EXP, PLAIN1 };

/* Elements that are computed at once: as many as stay in the nearest cache, or as are kept aside. */
enum { PART = 2048, KEPT = 128 };

struct frame {
    char *args[3];
    int dimensions[1];
    enum kind kind;
    const int *steps;
    int left;  /* elements that are still to be computed */
    int phase; /* 0 before the first part */
    int reduces, overlaps;
    char *saved[2];
    int saved_steps[2];
    double before; /* of a reduction */
    double kept[2][KEPT];
};

void flags_init(struct frame *f, char **args, const int *dimensions, const int *steps, int kind)
{
    int inputs = kind < LOG ? 2 : 1;
    f->kind = kind;
    f->steps = steps;
    f->left = dimensions[0];
    f->phase = 0;
    for (int i = 0; i <= inputs; i++) f->args[i] = args[i];
    f->reduces = inputs == 2 && args[0] == args[2] && steps[0] == steps[2] && steps[0] == 0;
    f->overlaps = 0;
    for (int i = 0; i < inputs; i++)
        if (args[i] == args[inputs] && dimensions[0] > 0) f->overlaps = 1;
}

#define FINITE(x) ((x) - (x) == 0)
#define LOOPS(T, NAME, SMALLEST)                                                                                                      \
    static inline __attribute__((always_inline)) void NAME##_status(enum kind kind, T x, T y, T z)                                    \
    {                                                                                                                                 \
        if (z != z) {                                                                                                                 \
            if (x == x && y == y) STATUS |= INVALID;                                                                                  \
        } else if (!FINITE(z)) {                                                                                                      \
            if (!FINITE(x) || !FINITE(y)) return;                                                                                     \
            int pole = kind == QUOTIENT ? y == 0 : kind == POWER ? x == 0 : kind == LOG || kind == RECIPROCAL ? x == 0                \
                : kind == LOG1P ? x == -1 : kind == ARCTANH;                                                                          \
            STATUS |= pole ? DIVIDE : OVERFLOW;                                                                                       \
        } else if (z < SMALLEST && z > -SMALLEST && (z == 0 || !(x < SMALLEST && x > -SMALLEST))) {                                   \
            if (!FINITE(x) || !FINITE(y)) return;                                                                                     \
            if (kind == EXP || ((kind == MULTIPLY && y != 0) || kind == QUOTIENT || kind == POWER || kind == SQUARE) && x != 0)       \
                STATUS |= UNDERFLOW;                                                                                                  \
        }                                                                                                                             \
    }                                                                                                                                 \
    static inline __attribute__((always_inline)) int NAME##_infinite(const T *z, int n)                                               \
    {                                                                                                                                 \
        int found = 0;                                                                                                                \
        for (int i = 0; i < n; i++) found |= !FINITE(z[i]);                                                                           \
        return found;                                                                                                                 \
    }                                                                                                                                 \
    static inline __attribute__((always_inline)) int NAME##_extreme(const T *z, int n)                                                \
    {                                                                                                                                 \
        int found = 0;                                                                                                                \
        for (int i = 0; i < n; i++) found |= !FINITE(z[i]) | ((z[i] < SMALLEST) & (z[i] > -SMALLEST));                                \
        return found;                                                                                                                 \
    }                                                                                                                                 \
    int flags_next_##NAME(struct frame *f)                                                                                            \
    {                                                                                                                                 \
        int out = f->kind < LOG ? 2 : 1, tiny = f->kind >= MULTIPLY && f->kind <= POWER || f->kind == SQUARE || f->kind == EXP;       \
        const int *steps = f->steps;                                                                                                  \
        if (f->phase) {                                                                                                               \
            int n = f->dimensions[0], suspicious = 0;                                                                                 \
            char *z = f->args[out];                                                                                                   \
            if (f->reduces) {                                                                                                         \
                T result = *(T *)z, nan = 0, infinite = 0;                                                                            \
                if (!FINITE(result) && FINITE((T)f->before)) {                                                                        \
                    char *y = f->args[1];                                                                                             \
                    for (int i = 0; i < n; i++, y += steps[1]) {                                                                      \
                        T v = *(T *)y;                                                                                                \
                        if (v != v) nan = 1;                                                                                          \
                        else if (!FINITE(v)) infinite = 1;                                                                            \
                    }                                                                                                                 \
                    if (result != result) { if (!nan) STATUS |= INVALID; }                                                            \
                    else if (!infinite) STATUS |= OVERFLOW;                                                                           \
                }                                                                                                                     \
                return 0;                                                                                                             \
            }                                                                                                                         \
            int step = steps[out];                                                                                                    \
            if (step == sizeof(T)) suspicious = tiny ? NAME##_extreme((T *)z, n) : NAME##_infinite((T *)z, n);                        \
            else                                                                                                                      \
                for (int i = 0; i < n; i++, z += step)                                                                                \
                    suspicious |= tiny ? NAME##_extreme((T *)z, 1) : NAME##_infinite((T *)z, 1);                                      \
            if (suspicious) {                                                                                                         \
                char *x = f->saved[0], *y = f->saved[1];                                                                              \
                z = f->args[out];                                                                                                     \
                for (int i = 0; i < n; i++, x += f->saved_steps[0], y += f->saved_steps[1], z += step)                                \
                    NAME##_status(f->kind, *(T *)x, *(T *)y, *(T *)z);                                                                \
            }                                                                                                                         \
            for (int i = 0; i <= out; i++) f->args[i] += (size)steps[i] * n;                                                          \
        }                                                                                                                             \
        if (f->left <= 0) return 0;                                                                                                   \
        f->phase = 1;                                                                                                                 \
        int most = f->reduces ? f->left : f->overlaps ? KEPT : PART, n = f->dimensions[0] = f->left < most ? f->left : most;                                     \
        f->left -= n;                                                                                                                 \
        if (f->reduces) {                                                                                                             \
            f->before = *(T *)f->args[0];                                                                                             \
            return 1;                                                                                                                 \
        }                                                                                                                             \
        for (int k = 0; k < 2; k++) {                                                                                                 \
            int from = k < out ? k : 0;                                                                                               \
            char *x = f->args[from];                                                                                                  \
            f->saved[k] = x;                                                                                                          \
            f->saved_steps[k] = steps[from];                                                                                          \
            if (!f->overlaps) continue;                                                                                               \
            T *kept = (T *)f->kept[k];                                                                                                \
            for (int i = 0; i < n; i++, x += steps[from]) kept[i] = *(T *)x;                                                          \
            f->saved[k] = (char *)kept;                                                                                               \
            f->saved_steps[k] = sizeof(T);                                                                                            \
        }                                                                                                                             \
        return 1;                                                                                                                     \
    }                                                                                                                                 \
    T flags_add_##NAME(T x, T y) { T z = x + y; NAME##_status(SUM, x, y, z); return z; }                                              \
    T flags_subtract_##NAME(T x, T y) { T z = x - y; NAME##_status(SUM, x, y, z); return z; }                                         \
    T flags_multiply_##NAME(T x, T y) { T z = x * y; NAME##_status(MULTIPLY, x, y, z); return z; }                                    \
    T flags_divide_##NAME(T x, T y) { T z = x / y; NAME##_status(QUOTIENT, x, y, z); return z; }                                      \
    T flags_result_##NAME(T x, T y, T z, int kind) { NAME##_status(kind, x, y, z); return z; }

LOOPS(double, f64, 0x1p-1022)
LOOPS(float, f32, 0x1p-126f)

/* Casts to integers as x86-64 does them: what does not fit is the smallest integer, and invalid. */
long long flags_i64_f64(double x)
{
    if (x >= -0x1p63 && x < 0x1p63) return (long long)x;
    STATUS |= INVALID;
    return -0x7fffffffffffffffLL - 1;
}

long long flags_i64_f32(float x) { return flags_i64_f64(x); }

int flags_i32_f64(double x)
{
    if (x > -0x1p31 - 1 && x < 0x1p31) return (int)x;
    STATUS |= INVALID;
    return -0x7fffffff - 1;
}

int flags_i32_f32(float x) { return flags_i32_f64(x); }

unsigned flags_u32_f64(double x) { return (unsigned)flags_i64_f64(x); }

unsigned flags_u32_f32(float x) { return (unsigned)flags_i64_f64(x); }

unsigned long long flags_u64_f64(double x)
{
    if (!(x >= 0x1p63)) return (unsigned long long)flags_i64_f64(x);
    return (unsigned long long)flags_i64_f64(x - 0x1p63) ^ 1ULL << 63;
}

unsigned long long flags_u64_f32(float x) { return flags_u64_f64(x); }

float flags_f32_f64(double x)
{
    float z = (float)x;
    if (!FINITE(z) && FINITE(x)) STATUS |= OVERFLOW;
    else if (z < 0x1p-126f && z > -0x1p-126f && z != x) STATUS |= UNDERFLOW;
    return z;
}
