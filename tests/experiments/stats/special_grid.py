#!/usr/bin/env python3
"""Writes special_grid.csv: values of the special functions to 25 digits, by mpmath at 40 digits and more.

    apt-get install python3-mpmath python3-gmpy2
    /usr/bin/python3 special_grid.py > special_grid.csv      (about two minutes)

One line a value: function, arguments as the exact doubles, expected value. Independent of the C code: lower tails come from the
series and continued fractions of DLMF chapter 8, at 60 digits, where the C code has other ones or quadrature; quantiles by root
finding on these. Lines whose value no double can hold are left out.
"""
import math
import sys
from mpmath import mp, mpf, erfc, exp, findroot, lambertw, log, loggamma, nstr, sqrt

mp.dps = 60


def beta_tails(a, b, x, y):
    a, b = mpf(a), mpf(b)
    log_beta = loggamma(a) + loggamma(b) - loggamma(a + b)

    def lower(a, b, x, y):  # DLMF 8.17.22, whose cancellation for large shapes 60 digits can afford
        c, d = mpf(1), 1 - (a + b) * x / (a + 1)
        d = 1 / d if d else mpf(10) ** 100
        h, m = d, 1
        while True:
            an = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
            d, c = 1 / (1 + an * d), 1 + an / c
            h *= d * c
            an = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
            d, c = 1 / (1 + an * d), 1 + an / c
            h *= d * c
            if abs(d * c - 1) < mpf(10) ** -42:
                return exp(a * log(x) + b * log(y) - log_beta) / a * h
            m += 1

    if x <= (a + 1) / (a + b + 2):
        low = lower(a, b, x, y)
        return low, 1 - low
    high = lower(b, a, y, x)
    return 1 - high, high


def gamma_tails(a, x):
    a, x = mpf(a), mpf(x)
    front = exp(a * log(x) - x - loggamma(a))
    if x < a + 1 or x < 30:
        term = total = 1 / a
        n = 1
        while term > total * mpf(10) ** -50:
            term *= x / (a + n)
            total += term
            n += 1
        return front * total, 1 - front * total
    b, c = x + 1 - a, mpf(10) ** 80
    d = 1 / b
    h, n = d, 1
    while True:
        an = -n * (n - a)
        b += 2
        d = 1 / (an * d + b)
        c = b + an / c
        h *= c * d
        if abs(c * d - 1) < mpf(10) ** -45:
            return 1 - front * h, front * h
        n += 1


def student_tail(t, df):  # P(|T| >= |t|)
    t, df = mpf(t), mpf(df)
    n = df + t * t
    return beta_tails(df / 2, mpf(1) / 2, df / n, t * t / n)[0]


def student_lower(t, df):  # P(|T| < |t|)
    t, df = mpf(t), mpf(df)
    n = df + t * t
    return beta_tails(df / 2, mpf(1) / 2, df / n, t * t / n)[1]


def f_tails(f, d1, d2):
    w = mpf(d1) * mpf(f)
    n = w + mpf(d2)
    return beta_tails(mpf(d1) / 2, mpf(d2) / 2, w / n, mpf(d2) / n)


def emit(name, arguments, value):
    if not mpf("5e-324") < abs(value) < mpf("1.7e308"):
        return
    print(",".join([name] + [repr(float(a)) for a in arguments] + [nstr(value, 25)]))


def root(tail, target, start):
    """The x with tail(x) = target, on logarithms of both."""
    goal = log(mpf(target))
    return exp(findroot(lambda u: log(tail(exp(u))) - goal, (log(start), log(start * (1 + mpf(10) ** -4))), tol=mpf(10) ** -60,
                        maxsteps=80, verify=False))


FAR = (1e-300, 1e-100, 1e-20, 1e-6, 0.001, 0.025, 0.3, 0.5)


def normal():
    for x in (-38.4, -37.5, -20, -8, -3, -1.96, -0.5, -1e-8, 0, 1e-3, 0.7, 2.5, 6, 15, 30, 38):
        emit("normal_cdf", [x], erfc(-mpf(x) / sqrt(2)) / 2)
        emit("normal_sf", [x], erfc(mpf(x) / sqrt(2)) / 2)
    for p in FAR[:-1] + (1e-310, 0.07, 0.08, 0.42, 0.6, 0.8, 0.975, 0.999999):
        emit("normal_quantile", [p], findroot(lambda x: log(erfc(-x / sqrt(2)) / 2) - log(mpf(p)),
                                              -sqrt(-2 * log(mpf(p))) * 0.97 if p < 0.1 else mpf(0.1), tol=mpf(10) ** -60))


def gammas():
    for a in (0.05, 0.5, 1, 2.5, 10, 75.3, 999, 1999, 2001, 1e4, 3.3e5, 1e7, 1e8):
        for z in (-37, -20, -8, -3, -1, -0.2, 0, 0.5, 2, 6, 15, 36):
            x = a * math.exp(z / math.sqrt(a)) if a > 1 else a * math.exp(z / 4 if z > 0 else z)
            if not 0 < x < 1e12:
                continue
            low, high = gamma_tails(a, x)
            emit("gamma_cdf", [x, a], low)
            emit("gamma_sf", [x, a], high)
            low, high = gamma_tails(mpf(a) / 2, mpf(x) / 2)
            emit("chi2_sf", [x, a], high)
    for a in (0.05, 0.5, 3, 50, 1e4):
        for p in FAR:
            scale = mpf(a)
            low = (mpf(p) * exp(loggamma(scale + 1))) ** (1 / scale)
            if a < 30 and low > mpf("1e-300"):
                emit("gamma_quantile", [p, a], root(lambda x: gamma_tails(a, x)[0], p, min(low, scale)))
            elif a >= 30 and p > 1e-30:
                emit("gamma_quantile", [p, a], root(lambda x: gamma_tails(a, x)[0], p, scale * (1 - mpf(2) / sqrt(scale) / 2)))
            emit("gamma_upper_quantile", [p, a], root(lambda x: gamma_tails(a, x)[1], p, scale - log(mpf(p)) * (1 if a < 30 else 0.1) + 0.1))


def betas():
    shapes = (0.05, 0.5, 1, 3, 37.2, 1000.5, 2500, 9e4)
    for a in shapes:
        for b in shapes:
            for z in (-30, -6, -1, 0, 0.4, 3, 12, 33):
                u = math.log(a / b) + z * math.sqrt(1 / a + 1 / b)
                x = 1 / (1 + math.exp(-u)) if abs(u) < 300 else 0
                if not 0 < x < 1:
                    continue
                low, high = beta_tails(a, b, mpf(x), 1 - mpf(x))
                emit("beta_cdf", [x, a, b], low)
                emit("beta_sf", [x, a, b], high)
    for a, b in ((1e8, 1e8), (1e8, 3), (1e8, 0.5), (0.5, 1e8), (2e6, 1e8)):
        for z in (-30, -5, -0.7, 1.5, 10):
            u = math.log(a / b) + z * math.sqrt(1 / a + 1 / b)
            x = 1 / (1 + math.exp(-u))
            if not 0 < x < 1:
                continue
            low, high = beta_tails(a, b, mpf(x), 1 - mpf(x))
            emit("beta_cdf", [x, a, b], low)
            emit("beta_sf", [x, a, b], high)
    for a, b in ((0.5, 0.5), (1, 3), (12.5, 900), (51, 52), (2500, 3000)):
        mean = mpf(a) / (a + b)
        for p in (1e-200, 1e-20, 1e-4, 0.025, 0.4):
            low = (mpf(p) * a * exp(loggamma(mpf(a)) + loggamma(mpf(b)) - loggamma(mpf(a) + b))) ** (1 / mpf(a))
            emit("beta_quantile", [p, a, b], root(lambda x: beta_tails(a, b, x, 1 - x)[0], p, min(low, mean * 0.9)))


def students():
    for df in (0.1, 0.5, 1, 2, 4.7, 30, 84.56677740260807, 999.5, 1e4, 2e5, 3e7, 1e8):
        for t in (1e-8, 0.01, 0.3, 1, 1.96, 3, 7, 15, 40, 1e4):
            value = student_tail(t, df)
            emit("student_two_sided", [t, df], value)
            emit("student_sf", [t, df], value / 2)
            emit("student_cdf", [t, df], (1 + student_lower(t, df)) / 2)
    for df in (0.3, 1, 2.5, 57.3, 1000, 2e5):
        for p in (1e-100, 1e-12, 1e-4, 0.025, 0.3):
            start = (mpf(p) ** (-1 / mpf(df)) if df < 3 else sqrt(-2 * log(mpf(p))))
            emit("student_upper_quantile", [p, df], root(lambda t: student_tail(t, df) / 2, p, start))
        emit("student_quantile", [0.5 + 2 ** -20, df], root(lambda t: student_lower(t, df) / 2, 2 ** -20, mpf(2) ** -18))


def fs():
    for d1, d2 in ((1, 1), (3, 7), (0.5, 40), (12, 1e5), (2000, 3000)):
        for f in (1e-6, 0.1, 0.8, 1, 1.3, 5, 60, 1e5):
            low, high = f_tails(f, d1, d2)
            emit("f_cdf", [f, d1, d2], low)
            emit("f_sf", [f, d1, d2], high)
        for p in (1e-12, 0.01, 0.4):
            emit("f_upper_quantile", [p, d1, d2], root(lambda f: f_tails(f, d1, d2)[1], p, mpf(1.5)))


def lamberts():
    for x in (-0.36787944117144228, -0.3678794411714, -0.3678, -0.36, -0.2, -0.05, -1e-3, -1e-10, -1e-100, -1e-300):
        emit("lambert_w_minus1", [x], lambertw(mpf(x), -1).real)


for family in (normal, gammas, betas, students, fs, lamberts):
    print(family.__name__, file=sys.stderr)
    family()
