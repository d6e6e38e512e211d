#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/secret.h"
#include "core/plugins/bundle_envelope.h"
#include "core/plugins/secret_key.h"
#include "core/plugins/trust.h"
#include "tests/core/plugins/house.h"

static struct house house;
static struct secret_key anna, ben;
static struct public_key anna_public, ben_public;
static struct trust trust;
static struct trust_options options;
static struct bundle bundle;
static struct origin origin;
static struct error error;
static char keys[100], revoked[100];

static void write_text(const char *path, struct text text) {
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    fwrite(text.at, 1, text.n, file);
    fclose(file);
}

static struct buffer line_of(const struct public_key *key) {
    struct buffer out = {0};
    public_key_write(key, &out);
    return out;
}

static void load(void) {
    error_clear(&error);
    cr_assert_eq(trust_load(&trust, &options, &error), 0, "%s", error.detail);
}

/* One file with Anna's key. */
static void open_house(void) {
    cr_assert_eq(secret_init(), 0);
    snprintf(house.dir, sizeof house.dir, "/tmp/parley-trust-XXXXXX");
    cr_assert_not_null(mkdtemp(house.dir));
    snprintf(keys, sizeof keys, "%s/keys", house.dir);
    snprintf(revoked, sizeof revoked, "%s/revoked", house.dir);
    secret_key_new(&anna, &anna_public);
    secret_key_new(&ben, &ben_public);
    struct buffer file = line_of(&anna_public);
    write_text(keys, buffer_view(&file));
    buffer_free(&file);
    options = (struct trust_options){.keys = keys};
    load();
}

static void close_house(void) {
    trust_free(&trust);
    bundle_remove(house.dir);
}

TestSuite(trust, .init = open_house, .fini = close_house);

/* polls 1.0.0 with the fixture as its library and that sequence, signed. Caller frees. */
static struct buffer signed_bundle(const struct secret_key *key, const char *fixture, const char *sequence,
                                   const char *claim) {
    const char *folder = house_bundle(&house, "polls", "1.0.0", fixture);
    char path[300], text[300];
    snprintf(path, sizeof path, "%s/plugin.json", folder);
    snprintf(text, sizeof text, "{\"name\":\"polls\",\"version\":\"1.0.0\",\"abi\":[1,0],\"library\":\"polls.so\"%s}",
             sequence);
    write_text(path, text_of(text));
    struct buffer packed = {0}, signature = {0}, out = {0};
    cr_assert_eq(bundle_read_folder(&bundle, folder, &error), 0, "%s", error.detail);
    cr_assert_eq(bundle_pack(&bundle, &packed, &error), 0, "%s", error.detail);
    bundle_free(&bundle);
    signature_write(&signature, key, buffer_view(&packed), text_of(claim));
    envelope_write(&out, &(struct envelope){TEXT("polls.tar.zst"), buffer_view(&packed), buffer_view(&signature)});
    buffer_free(&packed);
    buffer_free(&signature);
    return out;
}

#define CLAIM "plugin:polls version:1.0.0 abi:1.0 sequence:7"

static int open_signed(const struct secret_key *key, const char *sequence, const char *claim) {
    struct buffer file = signed_bundle(key, "obedient", sequence, claim);
    error_clear(&error);
    int code = trust_open(&trust, buffer_view(&file), &bundle, &origin, &error);
    buffer_free(&file);
    return code;
}

static void assert_said(int code, int expected, const char *words) {
    cr_assert_eq(code, expected, "%s", error.detail);
    cr_assert(strstr(error.detail, words), "%s", error.detail);
}

Test(trust, what_a_trusted_key_signed_is_opened) {
    cr_assert_eq(open_signed(&anna, ",\"sequence\":7", CLAIM), 0, "%s", error.detail);
    cr_assert_eq(origin.kind, ORIGIN_SIGNED);
    cr_assert_eq(origin.sequence, 7);
    cr_assert_str_eq(bundle.manifest.name, "polls");
    bundle_free(&bundle);
    cr_assert_eq(open_signed(&anna, ",\"sequence\":7", CLAIM "\ttimestamp:1"), 0, "more may follow: %s", error.detail);
    bundle_free(&bundle);
}

Test(trust, a_claim_that_does_not_fit_the_manifest_is_refused) {
    static const char *const claims[] = {
        "",
        "plugin:polls version:1.0.0 abi:1.0 sequence:77",
        "plugin:polls version:1.0.0 abi:1.0 sequence:",
        "plugin:polls version:1.0.1 abi:1.0 sequence:7",
        "plugin:polls version:1.0.0 abi:1.2 sequence:7",
        "plugin:poll version:1.0.0 abi:1.0 sequence:7",
        "timestamp:1 " CLAIM,
    };
    for (size_t i = 0; i < sizeof claims / sizeof *claims; i++)
        assert_said(open_signed(&anna, ",\"sequence\":7", claims[i]), ERR_INVALID, "but the bundle is '" CLAIM "'");
    assert_said(open_signed(&anna, "", "plugin:polls version:1.0.0 abi:1.0 sequence:0"), ERR_INVALID,
                "polls 1.0.0 has no sequence");
}

Test(trust, unknown_and_revoked_keys_are_refused_before_anything_is_read) {
    assert_said(open_signed(&ben, ",\"sequence\":7", CLAIM), ERR_UNTRUSTED, "which is not trusted here");
    struct buffer line = line_of(&anna_public);
    write_text(revoked, buffer_view(&line));
    buffer_free(&line);
    options.revoked = revoked;
    trust_free(&trust);
    load();
    assert_said(open_signed(&anna, ",\"sequence\":7", CLAIM), ERR_UNTRUSTED, "which was revoked (plugins.revoked)");
    origin = (struct origin){.kind = ORIGIN_SIGNED};
    key_id_text(origin.key, anna_public.id);
    cr_assert_eq(trust_origin(&trust, &origin, NULL), ERR_UNTRUSTED);
}

Test(trust, keys_come_from_several_files_of_a_folder_and_others_are_passed_over) {
    char path[200];
    trust_free(&trust);
    cr_assert_eq(unlink(keys), 0);
    cr_assert_eq(mkdir(keys, 0755), 0);
    const struct public_key *both[] = {&anna_public, &ben_public};
    for (int i = 0; i < 2; i++) {
        struct buffer line = line_of(both[i]);
        snprintf(path, sizeof path, "%s/%d.pub", keys, i);
        write_text(path, buffer_view(&line));
        buffer_free(&line);
    }
    snprintf(path, sizeof path, "%s/README", keys);
    write_text(path, TEXT("no key\n"));
    load();
    cr_assert_eq(trust.n, 2);
    cr_assert_eq(open_signed(&ben, ",\"sequence\":7", CLAIM), 0, "%s", error.detail);
    bundle_free(&bundle);
}

static void assert_not_loaded(const char *path, struct text text, const char *words) {
    struct trust none;
    write_text(path, text);
    error_clear(&error);
    assert_said(trust_load(&none, &options, &error), ERR_INVALID, words);
}

Test(trust, a_line_that_is_no_key_is_named_with_its_place) {
    assert_not_loaded(keys, TEXT("# mine\nuntrusted comment: x\nRWQoops\n"),
                      "keys, line 3: 'RWQoops' is no public key");
    options = (struct trust_options){.revoked = revoked};
    assert_not_loaded(revoked, TEXT("DA676CC637F0C15\n"), "revoked, line 1: 'DA676CC637F0C15' is neither a key's id");
    assert_not_loaded(revoked, TEXT("\n-A676CC637F0C151\n"), "revoked, line 2: ");
    write_text(revoked, TEXT("# lost\n\nDA676CC637F0C151 on a train\nda676cc637f0c152\n"));
    trust_free(&trust);
    load();
    cr_assert_eq(trust.n_revoked, 2);
    options.keys = "/nowhere/keys";
    cr_assert_eq(trust_load(&(struct trust){.n = 0}, &options, NULL), ERR_IO);
}

Test(trust, unsigned_bundles_are_for_development) {
    struct buffer packed = {0};
    const char *folder = house_bundle(&house, "polls", "1.0.0", "obedient");
    error_clear(&error);
    assert_said(trust_open_path(&trust, folder, &bundle, &origin, &error), ERR_UNTRUSTED, "the bundle is not signed");
    cr_assert_eq(bundle_read_folder(&bundle, folder, NULL), 0);
    cr_assert_eq(bundle_pack(&bundle, &packed, NULL), 0);
    bundle_free(&bundle);
    cr_assert_eq(trust_open(&trust, buffer_view(&packed), &bundle, &origin, NULL), ERR_UNTRUSTED);
    trust.options.unsigned_bundles = UNSIGNED_TAKEN;
    error_clear(&error);
    cr_assert_eq(trust_open(&trust, buffer_view(&packed), &bundle, &origin, &error), 0, "%s", error.detail);
    cr_assert_eq(origin.kind, ORIGIN_UNSIGNED);
    bundle_free(&bundle);
    buffer_free(&packed);
}

Test(trust, what_comes_with_parley_may_not_be_writable_by_everybody) {
    char path[300];
    const char *folder = house_bundle(&house, "polls", "1.0.0", "obedient");
    cr_assert_eq(trust_folder(folder, &error), 0, "%s", error.detail);
    snprintf(path, sizeof path, "%s/web/widget.js", folder);
    cr_assert_eq(chmod(path, 0666), 0);
    assert_said(trust_folder(folder, &error), ERR_UNTRUSTED, "others than its owner may write there: chmod -R o-w");
    cr_assert_eq(chmod(path, 0644), 0);
    cr_assert_eq(trust_folder(folder, NULL), 0);
    cr_assert_eq(chmod(folder, 0757), 0);
    cr_assert_eq(trust_folder(folder, NULL), ERR_UNTRUSTED);
    cr_assert_eq(chmod(folder, 0755), 0);
    cr_assert_eq(chmod(house.dir, 0777), 0);
    cr_assert_eq(trust_folder(folder, NULL), ERR_UNTRUSTED, "another folder could be put in its place");
    cr_assert_eq(chmod(house.dir, 0700), 0);
    cr_assert_eq(trust_folder(folder, NULL), 0);
    if (geteuid() == 0) {
        cr_assert_eq(chown(path, 65534, 65534), 0);
        cr_assert_eq(trust_folder(folder, NULL), ERR_UNTRUSTED, "it is another user's");
    }
}

Test(trust, names_of_origins_are_read_back) {
    for (enum origin_kind kind = ORIGIN_UNSIGNED; kind <= ORIGIN_BUNDLED; kind++)
        cr_assert_eq(origin_of_name(origin_name(kind)), kind);
    cr_assert_eq(origin_of_name("blessed"), ORIGIN_UNSIGNED);
    cr_assert_eq(origin_of_name(NULL), ORIGIN_UNSIGNED);
}
