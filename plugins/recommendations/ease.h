/* EASE^R: a linear model of items by items in closed form. H. Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", WWW 2019,
 * equation 8: with G the items' Gram matrix and P = (G + lambda I)^-1, B[i][j] = -P[i][j] / P[j][j], and 0 on the diagonal. */
#ifndef RECOMMENDATIONS_EASE_H
#define RECOMMENDATIONS_EASE_H

#include "plugins/recommendations/neighbours.h"

/* `owners`: what each customer has. `lambda` > 0. `keep`: weights kept of each item's row, the largest in size; SIZE_MAX: all.
 * Takes 4 * items^2 bytes while it computes, in single precision, and about items^3 multiplications. Negative, with nothing made, where
 * that memory is not to be had or the matrix is no Gram matrix (a set that names an item twice); else 0. */
int ease_train(struct neighbours *weights, const struct sets *owners, float lambda, size_t keep);

#endif
