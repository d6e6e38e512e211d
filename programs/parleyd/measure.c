#include "programs/parleyd/parleyd.h"
int parleyd_measure(struct app *app, const struct config *config, struct error *error) {
    return 0;
}
