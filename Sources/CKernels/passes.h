// The functions other than the product, each one pass over rows.

INLINE void gelu_lanes(wide x, wide *u, wide *derivative) {
    // Φ(x) = ½ (1 + erf(x / √2)), and GELU' = Φ + x e^{−x²/2} / √(2π).
    wide phi = multiply_add((wide)0.5f, error_function(x * 0.70710678f), (wide)0.5f);
    *u = x * phi;
    *derivative = multiply_add(x * 0.39894228f, exponential(x * x * -0.5f), phi);
}

// x σ(2 y) with y = √(2/π) (x + 0.044715 x³), which is ½ x (1 + tanh y), and its derivative.
INLINE void gelu_tanh_lanes(wide argument, wide *u, wide *derivative) {
    // Beyond −20 GELU is 0, beyond 20 it is x, and x³ might have no float.
    wide x = limited(argument, -20.f, __builtin_inff()), inner = limited(x, -20.f, 20.f);
    wide square = inner * inner;
    wide y = inner * multiply_add(square, (wide)0.035677408f, (wide)0.79788456f);
    wide slope = multiply_add(square, (wide)0.10703222f, (wide)0.79788456f);
    wide sigma = 1.f / (exponential(y * -2.f) + 1.f);
    *u = x * sigma;
    *derivative = multiply_add(inner * sigma * (1.f - sigma), slope * 2.f, sigma);
}

// NaN stays NaN.
INLINE void relu_lanes(wide x, wide *u, wide *derivative) {
    *u = x <= (wide)0.f ? (wide)0.f : x;
    *derivative = x > (wide)0.f ? (wide)1.f : *u;
}

// x σ(x), and its derivative σ + x σ (1 − σ).
INLINE void swish_lanes(wide argument, wide *u, wide *derivative) {
    // Beyond ±88 e^{−x} has no float, and swish is 0 or x.
    wide x = limited(argument, -88.f, __builtin_inff());
    wide sigma = 1.f / (exponential(-x) + 1.f);
    *u = x * sigma;
    *derivative = multiply_add(limited(x, -88.f, 88.f) * sigma, 1.f - sigma, sigma);
}

#define ACTIVATION(function)                                                 \
    static void function(long n, float *z, float *u, int save) {             \
        wide value, derivative;                                              \
        long i = 0;                                                          \
        if (save) {                                                          \
            for (; i + 16 <= n; i += 16) {                                   \
                function##_lanes(read(z + i), &value, &derivative);          \
                write(u + i, value);                                         \
                write(z + i, derivative);                                    \
            }                                                                \
        } else {                                                             \
            for (; i + 16 <= n; i += 16) {                                   \
                function##_lanes(read(z + i), &value, &derivative);          \
                write(u + i, value);                                         \
            }                                                                \
        }                                                                    \
        if (i < n) {                                                         \
            function##_lanes(read_some(z + i, n - i, 0), &value, &derivative); \
            write_some(u + i, value, n - i);                                 \
            if (save) write_some(z + i, derivative, n - i);                  \
        }                                                                    \
    }
ACTIVATION(gelu)
ACTIVATION(gelu_tanh)
ACTIVATION(relu)
ACTIVATION(swish)

// Lanes of the last 16 without an element count as −∞.
static void softmax(long rows, long n, long whole, float *s, long stride) {
    const float infinity = __builtin_inff();
    const wide_int numbers = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    long full = n / 16 * 16, rest = n - full;
    int padded = whole >= full + 16 || rest == 0;
    for (long r = 0; r < rows; r++, s += stride) {
        wide tail = (wide)0.f;
        if (rest) {
            tail = padded ? read(s + full) : read_some(s + full, rest, 0);
            tail = numbers < (wide_int)(int)rest ? tail : (wide)-infinity;
        }
        wide largest = rest ? tail : (wide)-infinity;
        for (long i = 0; i < full; i += 16) {
            wide x = read(s + i);
            largest = x > largest ? x : largest;
        }
        float top = highest(largest);
        wide sums = (wide)0.f;
        for (long i = 0; i < full; i += 16) {
            wide e = exponential(read(s + i) - top);
            write(s + i, e);
            sums += e;
        }
        if (rest) {
            wide e = exponential(tail - top);
            e = tail == (wide)-infinity ? (wide)0.f : e;
            tail = e;
            sums += e;
        }
        float reciprocal = 1 / total(sums);
        for (long i = 0; i < full; i += 16) write(s + i, read(s + i) * reciprocal);
        if (rest && padded) write(s + full, tail * reciprocal);
        if (rest && !padded) write_some(s + full, tail * reciprocal, rest);
    }
}

INLINE float dot_of(long n, const float *x, const float *y) {
    wide first = (wide)0.f, second = (wide)0.f;
    long i = 0;
    for (; i + 32 <= n; i += 32) {
        first = multiply_add(read(x + i), read(y + i), first);
        second = multiply_add(read(x + i + 16), read(y + i + 16), second);
    }
    if (i + 16 <= n) {
        first = multiply_add(read(x + i), read(y + i), first);
        i += 16;
    }
    if (i < n) second = multiply_add(read_some(x + i, n - i, 0), read_some(y + i, n - i, 0), second);
    return total(first + second);
}

static float dot(long n, const float *x, const float *y) { return dot_of(n, x, y); }

static void softmax_backward(long rows, long n, float scale, float *dp, long dpStride, const float *p,
                             long pStride) {
    for (long r = 0; r < rows; r++, dp += dpStride, p += pStride) {
        float correlation = dot_of(n, dp, p);
        long i = 0;
        for (; i + 16 <= n; i += 16) write(dp + i, read(p + i) * scale * (read(dp + i) - correlation));
        if (i < n) {
            wide rest = read_some(p + i, n - i, 0) * scale * (read_some(dp + i, n - i, 0) - correlation);
            write_some(dp + i, rest, n - i);
        }
    }
}

static void layer_norm(long rows, long d, const float *x, long xStride, const float *residual,
                       long residualStride, const float *gamma, const float *beta, float epsilon,
                       float *y, long yStride, float *saved, long savedStride, float *reciprocal) {
    long full = d / 16 * 16;
    for (long r = 0; r < rows; r++) {
        const float *source = x + r * xStride, *other = residual ? residual + r * residualStride : 0;
        float *target = y + r * yStride, *normalized = saved ? saved + r * savedStride : target;
        wide sums = (wide)0.f, squares = (wide)0.f;
        if (other) {
            for (long i = 0; i < full; i += 16) {
                wide sum = read(source + i) + read(other + i);
                write(normalized + i, sum);
                sums += sum;
            }
            for (long i = full; i < d; i++) sums[i - full] += normalized[i] = source[i] + other[i];
            source = normalized;
        } else {
            for (long i = 0; i < full; i += 16) sums += read(source + i);
            for (long i = full; i < d; i++) sums[i - full] += source[i];
        }
        float mean = total(sums) / (float)d;
        for (long i = 0; i < full; i += 16) {
            wide difference = read(source + i) - mean;
            squares = multiply_add(difference, difference, squares);
        }
        for (long i = full; i < d; i++) {
            float difference = source[i] - mean;
            squares[i - full] = MULTIPLY_ADD(difference, difference, squares[i - full]);
        }
        float factor = 1 / __builtin_elementwise_sqrt(total(squares) / (float)d + epsilon);
        if (reciprocal) reciprocal[r] = factor;
        for (long i = 0; i < full; i += 16) {
            wide value = (read(source + i) - mean) * factor;
            if (saved) write(normalized + i, value);
            write(target + i, multiply_add(value, read(gamma + i), read(beta + i)));
        }
        for (long i = full; i < d; i++) {
            float value = (source[i] - mean) * factor;
            if (saved) normalized[i] = value;
            target[i] = MULTIPLY_ADD(value, gamma[i], beta[i]);
        }
    }
}

static void layer_norm_backward(long rows, long d, float *dy, long dyStride, const float *gamma,
                                const float *normalized, long normalizedStride, const float *reciprocal) {
    long full = d / 16 * 16;
    for (long r = 0; r < rows; r++, dy += dyStride, normalized += normalizedStride) {
        wide sums = (wide)0.f, products = (wide)0.f;
        for (long i = 0; i < full; i += 16) {
            wide g = read(dy + i) * read(gamma + i);
            write(dy + i, g);
            sums += g;
            products = multiply_add(g, read(normalized + i), products);
        }
        for (long i = full; i < d; i++) {
            dy[i] *= gamma[i];
            sums[i - full] += dy[i];
            products[i - full] = MULTIPLY_ADD(dy[i], normalized[i], products[i - full]);
        }
        float mean = total(sums) / (float)d, correlation = total(products) / (float)d;
        for (long i = 0; i < full; i += 16) {
            wide g = multiply_add(read(normalized + i), (wide)-correlation, read(dy + i) - mean);
            write(dy + i, g * reciprocal[r]);
        }
        for (long i = full; i < d; i++) {
            dy[i] = MULTIPLY_ADD(normalized[i], -correlation, dy[i] - mean) * reciprocal[r];
        }
    }
}

static void add(long n, const float *x, float *y) {
    long i = 0;
    for (; i + 16 <= n; i += 16) write(y + i, read(y + i) + read(x + i));
    for (; i < n; i++) y[i] += x[i];
}

static void multiply(long n, const float *x, float *y) {
    long i = 0;
    for (; i + 16 <= n; i += 16) write(y + i, read(y + i) * read(x + i));
    for (; i < n; i++) y[i] *= x[i];
}

static void add_scaled(long n, float factor, const float *x, float *y) {
    long i = 0;
    for (; i + 16 <= n; i += 16) write(y + i, multiply_add(read(x + i), (wide)factor, read(y + i)));
    for (; i < n; i++) y[i] = MULTIPLY_ADD(x[i], factor, y[i]);
}

static void scale_and_shift(long n, const float *w, const float *b, float *y) {
    long i = 0;
    if (b) {
        for (; i + 16 <= n; i += 16) write(y + i, multiply_add(read(w + i), read(y + i), read(b + i)));
        for (; i < n; i++) y[i] = MULTIPLY_ADD(w[i], y[i], b[i]);
    } else {
        multiply(n, w, y);
    }
}

static void add_products(long n, const float *x, const float *y, float *sums) {
    long i = 0;
    for (; i + 16 <= n; i += 16) write(sums + i, multiply_add(read(x + i), read(y + i), read(sums + i)));
    for (; i < n; i++) sums[i] = MULTIPLY_ADD(x[i], y[i], sums[i]);
}
