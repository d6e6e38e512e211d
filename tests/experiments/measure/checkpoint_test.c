/* Starts: from a checkpoint, from one that is not to be believed, and after kill -9. */
#include <signal.h>
#include <sys/wait.h>

#include "tests/experiments/measure/service.h"

TestSuite(checkpoint, .init = folder_make, .fini = folder_remove);

static void compare_after_restart(void (*between)(void)) {
    start();
    write_units(0, 60);
    struct measure_results *before = results();
    stop();
    if (between) between();
    start();
    wait_until_recovered();
    struct measure_results *after = results();
    for (int arm = 0; arm < 2; arm++) {
        cr_expect_eq(trial_units(after, arm), trial_units(before, arm));
        for (int m = 0; m < 2; m++)
            cr_expect_eq(memcmp(&after->groups[0].metrics[m].cells[arm], &before->groups[0].metrics[m].cells[arm],
                                sizeof(struct cell)),
                         0);
    }
    cr_expect_eq(trial_units(after, OFF) + trial_units(after, TOP), 60);
    verify();
    write_units(60, 70);
    measure_results_free(before);
    before = results();
    cr_expect_eq(trial_units(before, OFF) + trial_units(before, TOP), 70);
    verify();
    measure_results_free(before);
    measure_results_free(after);
    stop();
}

Test(checkpoint, a_start_from_the_checkpoint_gives_the_same_figures_to_the_bit) {
    compare_after_restart(NULL);
}

static void lose_checkpoint(void) {
    cr_assert_eq(unlink(in_folder("measure/checkpoint")), 0);
}
Test(checkpoint, without_a_checkpoint_everything_is_computed_again) {
    compare_after_restart(lose_checkpoint);
}

static const struct trial_definition trial_by_product = {
    "{\"key\":\"trial\",\"feature\":\"poll\",\"control\":\"off\",\"weights\":{\"off\":50,\"top\":50},\"unit\":\"sku\","
    "\"metrics\":{\"primary\":\"bought\",\"secondary\":[\"spend\"]}}",
    {"{\"key\":\"bought\",\"kind\":\"conversion\",\"event\":\"Order Completed\",\"window\":\"P7D\"}",
     "{\"key\":\"spend\",\"kind\":\"mean\",\"event\":\"Order Completed\",\"value\":\"revenue\"}"},
    T,
    0};

/* Its units have no chain in the journal: what leads from record to record of one is in the checkpoint. */
Test(checkpoint, a_trial_by_product_goes_on_from_its_checkpoint_and_still_finds_its_past) {
    start_with(&trial_by_product, 0);
    for (int i = 0; i < 30; i++) {
        char sku[16], properties[64];
        snprintf(sku, sizeof sku, "sku-%d", i % 10);
        snprintf(properties, sizeof properties, "{\"sku\":\"%s\",\"revenue\":%d}", sku, i);
        if (i < 10) write_one(trial_exposure(sku, i % 2 ? "top" : "off", T + 100 + i));
        write_one(trial_event("anna", "Order Completed", T + 50 + i * 5, properties));
    }
    stop();
    start_with(&trial_by_product, 0);
    wait_until_recovered();
    for (int i = 0; i < 10; i++) { /* earlier exposures: events between them and the first ones count now */
        char sku[16];
        snprintf(sku, sizeof sku, "sku-%d", i);
        write_one(trial_exposure(sku, i % 2 ? "top" : "off", T + 10));
    }
    struct measure_results *r = results();
    cr_expect_eq(trial_units(r, OFF) + trial_units(r, TOP), 10);
    cr_expect_eq(trial_sum(r, SPEND, OFF) + trial_sum(r, SPEND, TOP), 29 * 30 / 2);
    cr_expect(r->complete);
    measure_results_free(r);
    verify();
    stop();
}

static void damage_checkpoint(void) {
    FILE *f = fopen(in_folder("measure/checkpoint"), "r+");
    fseek(f, 1500, SEEK_SET);
    int c = fgetc(f);
    fseek(f, 1500, SEEK_SET);
    fputc(c ^ 1, f);
    fclose(f);
}
Test(checkpoint, a_checkpoint_with_one_wrong_bit_is_not_believed) {
    compare_after_restart(damage_checkpoint);
}

static void cut_checkpoint(void) {
    cr_assert_eq(truncate(in_folder("measure/checkpoint"), 900), 0);
}
Test(checkpoint, a_checkpoint_that_was_cut_short_is_not_believed) {
    compare_after_restart(cut_checkpoint);
}

Test(checkpoint, a_checkpoint_of_another_journal_is_not_believed) {
    start();
    write_units(0, 20);
    stop();
    char command[512];
    snprintf(command, sizeof command, "rm -r %s", in_folder("journal"));
    cr_assert_eq(system(command), 0);
    start();
    wait_until_recovered();
    struct measure_results *r = results();
    cr_expect_eq(trial_units(r, OFF) + trial_units(r, TOP), 0);
    measure_results_free(r);
    write_units(0, 30);
    verify();
    stop();
}

/* --- kill -9 --- */

static void run_until_killed(int round, int begun) {
    start_with(&trial_one, 1); /* a checkpoint nearly every time */
    for (int i = 0;; i++) {
        write_units(round * 10000 + i * 10, round * 10000 + i * 10 + 10);
        if (i == 0) close(begun);
        measure_tick(h.measure);
    }
}

Test(checkpoint, after_kill_9_the_figures_are_those_of_the_journal) {
    srand(5);
    for (int round = 0; round < 4; round++) {
        int begun[2];
        cr_assert_eq(pipe(begun), 0);
        pid_t child = fork();
        if (child == 0) {
            close(begun[0]);
            run_until_killed(round, begun[1]);
        }
        close(begun[1]);
        cr_assert_eq(read(begun[0], &(char){0}, 1), 0, "the child closes it when its first units are acknowledged");
        close(begun[0]);
        usleep(30000 + (useconds_t)(rand() % 60000));
        kill(child, SIGKILL);
        int status;
        waitpid(child, &status, 0);
        cr_assert(WIFSIGNALED(status));
        start();
        wait_until_recovered();
        verify();
        stop();
    }
}
