#!/usr/bin/env python3
"""The figures in methods_test.c, "a ratio is adjusted by what it was before", by least squares over the units themselves.

    apt-get install python3-statsmodels
    /usr/bin/python3 cuped_ratio.py

Each unit has a habit, orders and spend since its entry, and, three of four, before it. The ratio is spend an order. A unit's
linearised value is R + (N - R D) / mean(D) within its arm; it is regressed on that of before, on an indicator of
units without history, and on the arm.
"""
import numpy
import statsmodels.api

UNITS = 60
seed = 1


def drawn(below):
    global seed
    seed = (seed * 1103515245 + 12345) % 2**31
    return (seed >> 16) % below


def linear(n, d):
    r = n.sum() / d.sum()
    return r + (n - r * d) / d.mean()


def arm(treated):
    rows = []
    for i in range(UNITS):
        habit, before, since = drawn(40), drawn(3), 1 + drawn(4)
        rows.append((i % 4 != 0, before * (habit + drawn(10)), before, since * (habit + drawn(10) + 3 * treated), since))
    known, a, b, n, d = (numpy.array(column, dtype=float) for column in zip(*rows))
    x = numpy.zeros(UNITS)
    x[known == 1] = linear(a[known == 1], b[known == 1])
    return linear(n, d), x, 1 - known, numpy.full(UNITS, float(treated))


control, treatment = arm(0), arm(1)
y, x, missing, treated = (numpy.concatenate(pair) for pair in zip(control, treatment))
fit = statsmodels.api.OLS(y, numpy.column_stack([numpy.ones(2 * UNITS), treated, x, missing])).fit()
_, estimate, theta, gamma = fit.params


def se(values):
    return sum(values[treated == t].var(ddof=1) / UNITS for t in (0, 1)) ** 0.5


raw, adjusted = se(y), se(y - theta * x - gamma * missing)
for name, value in [("theta", theta), ("gamma", gamma), ("estimate", estimate), ("se", adjusted),
                    ("raw estimate", treatment[0].mean() - control[0].mean()), ("raw se", raw),
                    ("reduction", 1 - (adjusted / raw) ** 2)]:
    print(f"{name:12} {value:.17g}")
