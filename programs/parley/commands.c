#include "programs/parley/commands.h"

#include <stdio.h>

#include "programs/parley/actions.h"
#include "programs/parley/catalogue.h"
#include "programs/parley/crowd.h"
#include "programs/parley/demo.h"
#include "programs/parley/journal.h"
#include "programs/parley/recommendations.h"
#include "programs/parley/replay.h"

#define BASE            "/admin/v1/"
#define PLUGINS         BASE "plugins"
#define POLLS           PLUGINS "/polls/api/polls"
#define CUSTOMERS       BASE "customers"
#define RECOMMENDATIONS PLUGINS "/recommendations/api"
#define MATCH           "--if-match VERSION"
#define IDS             "--if-match VERSION --type lines|csv|csv-header|ndjson"

/* What every kind of definition can do. */
#define DEFINITIONS(plural, one, columns)                                                                              \
    {plural, "list", "", "--limit N", "GET", BASE plural, act_list, columns, "all of them"},                           \
        {plural, "get", "KEY", "", "GET", BASE plural "/{KEY}", act_get, NULL, "one " one},                            \
        {plural,  "put", "FILE|-",                                                                                     \
         MATCH,   "PUT", BASE plural,                                                                                  \
         act_put, NULL,  "creates or replaces the " one " that the file describes"},                                   \
        {plural,   "patch", "KEY FILE|-",                                                                              \
         MATCH,    "PATCH", BASE plural "/{KEY}",                                                                      \
         act_send, NULL,    "changes the members that the file names (RFC 7396)"},                                     \
        {plural, "delete", "KEY", MATCH, "DELETE", BASE plural "/{KEY}", act_delete, NULL, "deletes it"},              \
        {plural,       "versions",                                                                                     \
         "KEY",        "--limit N",                                                                                    \
         "GET",        BASE plural "/{KEY}/versions",                                                                  \
         act_list,     "version at actor configRevision note",                                                         \
         "its history"},                                                                                               \
        {plural,                                                                                                       \
         "impact",                                                                                                     \
         "KEY",                                                                                                        \
         "--limit N",                                                                                                  \
         "GET",                                                                                                        \
         BASE plural "/{KEY}/impact",                                                                                  \
         act_list,                                                                                                     \
         "kind key as of.kind of.key state units",                                                                     \
         "what a change of it would touch"},                                                                           \
    {                                                                                                                  \
        plural, "restore", "KEY VERSION", "", "POST", BASE plural "/{KEY}/restore", act_restore, NULL,                 \
            "makes an earlier version the newest"                                                                      \
    }

const struct command commands[] = {
    DEFINITIONS("features", "feature", "key name stage enabled killed type owner reviewBy version"),
    {"features", "stale", "", "--limit N", "GET", BASE "stale", act_list,
     "key stage owner reviewBy experiment lastEvaluatedAt reasons next",
     "those that nobody takes care of: why, and what to do"},
    {"features", "usage", "", "--limit N", "GET", BASE "usage", act_list, "feature since lastEvaluatedAt evaluations",
     "how old each is and how much it is asked for"},
    {"features", "preview", "KEY VARIANT", "--expires DURATION", "POST", BASE "previews", act_preview, NULL,
     "a signed link that shows one browser the variant [P1D]; nobody is counted"},
    {"features", "enable", "KEY", "", "PATCH", BASE "features/{KEY}", act_enable, NULL, "switches it on"},
    {"features", "disable", "KEY", "", "PATCH", BASE "features/{KEY}", act_disable, NULL, "switches it off"},
    {"features", "kill", "KEY", "", "POST", BASE "features/{KEY}/kill", act_send, NULL,
     "serves `off` to everybody at once; conflicts with nothing"},
    {"features", "unkill", "KEY", "", "POST", BASE "features/{KEY}/unkill", act_send, NULL, "takes the kill back"},

    DEFINITIONS("metrics", "metric", "key kind event value numerator.event window better version"),

    DEFINITIONS("experiments", "experiment",
                "key feature state control traffic metrics.primary owner reviewBy version"),
    {"experiments", "start", "KEY", "--at TIME", "POST", BASE "experiments/{KEY}/start", act_flags, NULL,
     "starts it, now or as of a time that may be past"},
    {"experiments", "approve", "KEY", "--note TEXT", "POST", BASE "experiments/{KEY}/approve", act_flags, NULL,
     "let a ramp that waits for approval go on to its next step"},
    {"experiments", "pause", "KEY", "", "POST", BASE "experiments/{KEY}/pause", act_flags, NULL,
     "everybody gets the default; nobody enters"},
    {"experiments", "resume", "KEY", "", "POST", BASE "experiments/{KEY}/resume", act_flags, NULL, "goes on"},
    {"experiments", "conclude", "KEY",
     "--outcome ship|rollback|iterate|retire --variant KEY --note TEXT --scope everybody|audience", "POST",
     BASE "experiments/{KEY}/conclude", act_flags, NULL, "ends it with a decision"},
    {"experiments", "past", "", "--q WORDS --outcome ship|rollback|iterate|retire --limit N", "GET",
     BASE "experiments?state=concluded", act_list, "key feature outcome outcomeVariant concludedAt owner outcomeNote",
     "past trials and what came of them"},
    {"experiments", "plan", "KEY", "--mde SHARE --power SHARE --alpha SHARE", "GET", BASE "experiments/{KEY}/plan",
     act_plan, NULL, "how many units and days it needs, from its own traffic"},
    {"experiments", "report", "KEY", "--format html|md --out FILE", "GET", BASE "experiments/{KEY}/report", act_report,
     NULL, "the whole trial as one file (-o FILE)"},
    {"experiments", "looks", "KEY", "--limit N", "GET", BASE "experiments/{KEY}/looks", act_list,
     "at units srm.p srm.anytimeP harmExcluded verdict.call", "what each hourly checkpoint saw, newest first"},
    {"experiments", "results", "KEY", "--by ATTRIBUTE --series day|week", "GET", BASE "experiments/{KEY}/results",
     act_results, NULL, "what it came to, with intervals"},
    {"experiments", "units", "KEY", "--format ndjson|csv", "GET", BASE "experiments/{KEY}/units", act_units, NULL,
     "every unit with its exposure and totals, a line each"},

    {"experiments", "verify", "KEY", "", "POST", BASE "experiments/{KEY}/verify", act_prove, NULL,
     "computes its figures again from the journal and compares, bit for bit"},

    DEFINITIONS("segments", "segment", "key name list.count list.unit version"),
    {"segments", "upload", "KEY FILE|-", IDS, "PUT", BASE "segments/{KEY}/ids", act_ids, NULL,
     "puts the file's ids in place of the list: .txt one a line, .csv the first column, .ndjson"},
    {"segments", "add", "KEY FILE|-", IDS, "POST", BASE "segments/{KEY}/ids", act_ids, NULL,
     "adds the file's ids to the list"},
    {"segments", "remove", "KEY FILE|-", IDS, "POST", BASE "segments/{KEY}/ids/remove", act_ids, NULL,
     "takes the file's ids out of the list"},
    {"segments", "has", "KEY ID", "", "GET", BASE "segments/{KEY}/ids/{ID}", act_get, NULL,
     "whether the id is on the list"},
    DEFINITIONS("layers", "layer", "key name unit version"),
    DEFINITIONS("holdouts", "holdout", "key name share unit start end version"),
    DEFINITIONS("pages", "page", "key name order layout owner version"),
    {"pages", "novelty", "KEY", "", "GET", BASE "pages/{KEY}/novelty", act_list,
     "section feature changed changedAt days", "since when each section is what it is"},

    {"plugin", "list", "", "--limit N", "GET", PLUGINS, act_list, "name title active previous state releases",
     "what is installed"},
    {"plugin", "get", "NAME", "", "GET", PLUGINS "/{NAME}", act_get,
     "version state signature.origin why pid restarts inFlight waitingFor memory:MiB latency.count latency.p50Ms "
     "latency.p99Ms",
     "its releases: state, memory, latency, what each waits for"},
    {"plugin", "new", "NAME", "--dir FOLDER", NULL, NULL, act_plugin_new, NULL,
     "writes a small whole plugin into a new folder [NAME], to begin with; no server"},
    {"plugin", "build", "[DIR]", "--out FILE", NULL, NULL, act_plugin_build, NULL,
     "compiles a plugin's folder and packs its release [DIR/build/NAME-VERSION.parley]; no server"},
    {"plugin", "test", "[DIR]", "", NULL, NULL, act_plugin_test, NULL, "compiles it and runs its tests; no server"},
    {"plugin", "dev", "[DIR]", "--feature KEY", "POST", PLUGINS, act_plugin_dev, NULL,
     "runs it on a server for development and again after each save; shows a preview link, errors, tests and logs"},
    {"plugin", "push", "[FILE|DIR]", "--downgrade yes", "POST", PLUGINS, act_push, NULL,
     "installs a bundle, or what `build` made of a folder; nothing is started"},
    {"plugin", "activate", "NAME VERSION", "", "POST", PLUGINS "/{NAME}/activate", act_activate, NULL,
     "starts that release, then switches to it"},
    {"plugin", "rollback", "NAME", "", "POST", PLUGINS "/{NAME}/rollback", act_rollback, NULL,
     "back to the release before"},
    {"plugin", "remove", "NAME VERSION", "", "DELETE", PLUGINS "/{NAME}/releases/{VERSION}", act_remove, NULL,
     "takes a release away that nobody needs any more"},
    {"plugin", "retire", "NAME", "--force yes", "DELETE", PLUGINS "/{NAME}", act_retire, NULL,
     "drains it; its data is kept"},
    {"plugin", "config", "NAME [FILE|MEMBER=VALUE...]", "", "GET", PLUGINS "/{NAME}/config", act_plugin_config, NULL,
     "settings of the plugin as a whole: shows them, puts FILE's in their place, or sets some"},
    {"plugin", "settings", "NAME", "--release VERSION", "GET", PLUGINS "/{NAME}/settings", act_get, NULL,
     "the JSON Schema of what a variant may set"},
    {"plugin", "logs", "NAME", "--follow", "GET", PLUGINS "/{NAME}/logs", act_plugin_logs, "at level version line",
     "its last lines, and with -f those that come"},
    {"plugin", "pack", "FOLDER", "--out FILE", NULL, NULL, act_pack, NULL, "makes a bundle of a folder (-o FILE)"},
    {"plugin", "call", "NAME METHOD PATH [FILE|-]", "", NULL, PLUGINS "/{NAME}/api", act_plugin_call, NULL,
     "a call to its staff API, as GET /polls"},
    {"plugin", "export", "NAME CUSTOMER", "", "GET", PLUGINS "/{NAME}/customers/{CUSTOMER}/export", act_get, NULL,
     "what it holds about a customer; retired plugins too"},
    {"plugin", "erase", "NAME CUSTOMER", "", "DELETE", PLUGINS "/{NAME}/customers/{CUSTOMER}", act_delete, NULL,
     "erases what it holds about a customer"},
    {"plugin", "keygen", "NAME", "--no-password", NULL, NULL, act_keygen, NULL,
     "makes NAME.key, which signs plugins, and NAME.pub, which servers trust (minisign's files)"},
    {"plugin", "sign", "FOLDER", "--key FILE --out FILE", NULL, NULL, act_sign, NULL,
     "makes a signed bundle of a folder or a bundle [NAME-VERSION.parley]"},
    {"plugin", "verify", "FILE", "--keys FILE|FOLDER --revoked FILE --libraries NAMES", NULL, NULL, act_verify, NULL,
     "says whether a server with these keys would take it, and what is in it; no server"},

    {"polls", "list", "", "--about TEXT --limit N", "GET", POLLS, act_list, "id question kind results about closed",
     "all polls"},
    {"polls", "create", "FILE|-", "", "POST", POLLS, act_send, NULL, "a new poll"},
    {"polls", "get", "ID", "", "GET", POLLS "/{ID}", act_get, NULL, "one poll"},
    {"polls", "patch", "ID FILE|-", "", "PATCH", POLLS "/{ID}", act_send, NULL, "changes it"},
    {"polls", "results", "ID", "--by known|feature|variant", "GET", POLLS "/{ID}/results", act_get, NULL, "its votes"},

    {"recommendations", "evaluate", "",
     "--train FILE --test FILE --file FILE --share PERCENT --map COLUMNS --k N,N --lambda N --keep N", NULL, NULL,
     recommendations_evaluate, "task algorithm k recall ndcg mrr hitRate people",
     "how good each algorithm is: on two files, on one split by time, or on the shop's own past"},
    {"recommendations", "catalogue", "", "--limit N", "GET", RECOMMENDATIONS "/catalogue", act_list,
     "sku title category price currency available listed", "what is in the catalogue"},
    {"recommendations", "remove", "SKU", "", "DELETE", RECOMMENDATIONS "/catalogue/{SKU}", act_delete, NULL,
     "takes one out of the catalogue"},
    {"recommendations", "model", "", "", "GET", RECOMMENDATIONS "/model", act_get, NULL,
     "how old the model is, and what it learnt from"},
    {"recommendations", "retrain", "FILE|-", "", "POST", RECOMMENDATIONS "/retrain", act_send, NULL,
     "learns anew, now; {} or {\"lambda\":400,\"keep\":256}"},

    {"customers", "list", "", "--q WORD --limit N", "GET", CUSTOMERS, act_list, "id customer name email matched",
     "those whose id, name or e-mail begins so"},
    {"customers", "get", "ID", "", "GET", CUSTOMERS "/{ID}", act_get, NULL, "what is known of one"},
    {"customers", "timeline", "ID", "--kinds KIND,KIND --q WORDS --limit N", "GET", CUSTOMERS "/{ID}/timeline",
     act_list, "at actor channel kind body", "everything said, asked and bought, newest first"},
    {"customers", "seen", "ID FILE|-", "", "PUT", CUSTOMERS "/{ID}/seen", act_send, NULL,
     "agents have seen everything up to {\"id\":ENTRY}"},
    {"customers", "contact", "ID FILE|-", "", "POST", CUSTOMERS "/{ID}/contacts", act_send, NULL,
     "whether {\"plugin\",\"channel\"} may push something to her now; a yes is counted"},
    {"customers", "correct", "ID FILE|-", "", "PATCH", CUSTOMERS "/{ID}/traits", act_send, NULL,
     "corrects facts: {\"traits\":{\"name\":\"Anna\",\"wrong\":null}}"},
    {"customers", "merges", "", "--limit N", "GET", BASE "merges", act_list, "one other because at",
     "who may be one person"},
    {"customers", "merge", "ID", "--other ID", "POST", CUSTOMERS "/{ID}/merge", act_flags, NULL,
     "makes the other part of this one"},
    {"customers", "unmerge", "ID", "", "POST", CUSTOMERS "/{ID}/unmerge", act_send, NULL,
     "takes that back, figures too"},
    {"customers", "export", "ID", "", "GET", CUSTOMERS "/{ID}/export", act_get, NULL,
     "everything that is held of one, plugins included"},
    {"customers", "erase", "ID", "", "DELETE", CUSTOMERS "/{ID}", act_get, NULL,
     "forgets one everywhere, for good; figures of trials stay"},
    {"customers", "erasure", "ID", "", "GET", "/v1/me/erasures/{ID}", act_get, NULL, "how far an erasure is"},
    {"customers", "reinstate", "ID", "", "DELETE", CUSTOMERS "/{ID}/suppression", act_delete, NULL,
     "lets an erased customer be collected again"},

    {"tokens", "list", "", "--limit N", "GET", BASE "tokens", act_list, "id name role createdAt expiresAt revokedAt",
     "all tokens"},
    {"tokens", "create", "NAME ROLE", "--expires TIME", "POST", BASE "tokens", act_token, NULL,
     "admin, manager, analyst, agent, publisher, server or browser"},
    {"tokens", "revoke", "ID", "", "DELETE", BASE "tokens/{ID}", act_delete, NULL, "for good"},

    {"audit", "list", "", "--kind KIND --key KEY --limit N", "GET", BASE "audit", act_list,
     "at actor action kind key version note", "who changed what, newest first"},

    {"whoami", NULL, "", "", "GET", BASE "whoami", act_get, NULL, "the token's name and role"},
    {"evaluate", NULL, "TARGETING_KEY", "--features KEY,KEY --context FILE|-", "POST", BASE "evaluate", act_evaluate,
     "key variant value reason experiment rule bucket errorCode", "what a customer gets and why; records nothing"},
    {"track", NULL, "EVENT", "--user ID --anonymous ID --properties JSON --timestamp TIME --message-id ID", "POST",
     "/v1/track", act_track, NULL, "one event, as `Order Completed`"},
    {"journal", "verify", "FOLDER", "--accept-gaps", NULL, NULL, act_journal_verify, NULL,
     "whether the files of a data folder's journal hold what was written; no server"},
    {"journal", "export", "FOLDER", "--format ndjson|csv --from SEQ --to SEQ --since TIME --until TIME", NULL, NULL,
     act_journal_export, NULL, "its rows, a line each"},
    {"journal", "tail", "FOLDER", "--lines N --follow", NULL, NULL, act_journal_tail, NULL,
     "its last rows, and those that come"},
    {"journal", "stats", "FOLDER", "", NULL, NULL, act_journal_stats, NULL, "how many rows of what kind, since when"},
    {"webhooks", "list", "", "--limit N", "GET", BASE "webhooks", act_list,
     "id url events state delivered dead lastError", "who outside is told of what"},
    {"webhooks", "get", "KEY", "", "GET", BASE "webhooks/{KEY}", act_get, NULL, "one, with what was given up"},
    {"webhooks", "create", "FILE|-", "", "POST", BASE "webhooks", act_send, NULL,
     "tells an address of what happens; shows the secret, once"},
    {"webhooks", "patch", "KEY FILE|-", "", "PATCH", BASE "webhooks/{KEY}", act_send, NULL,
     "changes the members that the file names, and tries again at once"},
    {"webhooks", "delete", "KEY", "", "DELETE", BASE "webhooks/{KEY}", act_delete, NULL, "tells it no more"},
    {"webhooks", "test", "KEY", "", "POST", BASE "webhooks/{KEY}/test", act_flags, NULL, "sends a message to see"},
    {"webhooks", "replay", "KEY FILE|-", "", "POST", BASE "webhooks/{KEY}/replay", act_send, NULL,
     "tells again what came after {\"auditPosition\":n,\"eventPosition\":n}"},
    {"trends", NULL, "",
     "--kind shopping|purchasing --window DAYS --base DAYS --min N --at TIME --order trending|popular --limit N", "GET",
     BASE "trends", act_list, "item customers before expected z",
     "products that more customers turn to than usual, or that most turn to"},
    {"cohorts", NULL, "", "--by month|week", "GET", BASE "cohorts", act_get, NULL,
     "customers by their first purchase, and how many bought again"},
    {"lifetime", NULL, "", "--weeks N --limit N", "GET", BASE "lifetime", act_get, NULL,
     "what customers are expected to buy from here on, by the month of their first purchase"},
    {"visits", NULL, "", "--limit N", "GET", BASE "visits", act_list, "day visitors new returning visits dwell",
     "who comes, how long, and who comes back, by day"},
    {"stats", NULL, "", "", NULL, NULL, act_stats, NULL,
     "statistical questions on stdin, answers on stdout; no server"},
    {"export", NULL, "", "--out FOLDER", NULL, NULL, act_export, NULL,
     "every definition as one JSON document, or a file each: FOLDER/features/KEY.json"},
    {"apply", NULL, "[FILE|-]", "--folder FOLDER --dry-run --prune", "POST", BASE "apply", act_apply,
     "kind key outcome",
     "puts what `export` gave into this server: all of it or nothing; what is not named stays, with --prune goes"},
    {"diff", NULL, "[FILE|-]", "--folder FOLDER --prune", "POST", BASE "apply", act_diff, "kind key outcome",
     "what `apply` would change, member by member"},
    {"replay", NULL, "FILE",
     "--map COLUMNS --experiment KEY --expect SUMS --currency CODE --batch N --connections N --rate N --patience "
     "SECONDS "
     "--dry-run",
     NULL, NULL, replay_run, NULL, "past orders from a CSV file (.gz too), told as if they happened now"},
    {"catalogue", "import", "FILE", "--currency CODE", "POST", BASE "catalogue", catalogue_import, NULL,
     "what the shop sells: CSV with a header (.gz too), or Shopify's products as .json (prices in EUR where not said)"},
    {"catalogue", "list", "", "--limit N", "GET", BASE "catalogue", act_list,
     "sku title category price currency available", "what was imported"},
    {"catalogue", "remove", "SKU", "", "DELETE", BASE "catalogue/{SKU}", act_delete, NULL, "takes one out"},
    {"demo", "setup", "", "", NULL, NULL, demo_setup, NULL,
     "the demo shop's trial: metrics, feature, polls, experiment"},
    {"demo", "crowd", "", "--visitors N --rate N --seed N", NULL, NULL, crowd_run, NULL,
     "simulated shoppers: they look, vote, ask, collect, talk and buy; until Ctrl-C, or so many"},
    {0},
};

static bool is(const char *left, const char *right) {
    return left && right && !strcmp(left, right);
}

/* `plugin` is its own plural. */
static const char *resource_of(const char *typed) {
    return is(typed, "plugins") ? "plugin" : typed;
}

const struct command *command_find(int argc, char **argv, int *words) {
    for (const struct command *c = commands; argc > 0 && c->resource; c++) {
        if (!is(c->resource, resource_of(argv[0]))) continue;
        *words = c->verb ? 2 : 1;
        if (!c->verb || (argc > 1 && is(c->verb, argv[1]))) return c;
    }
    return NULL;
}

bool command_is_resource(const char *word) {
    for (const struct command *c = commands; c->resource; c++)
        if (is(c->resource, resource_of(word))) return true;
    return false;
}

const char *command_nearest(const char *resource, const char *typed) {
    const char *best = NULL;
    size_t least = 3;
    for (const struct command *c = commands; c->resource; c++) {
        const char *word = resource ? c->verb : c->resource;
        if ((resource && !is(c->resource, resource_of(resource))) || !word) continue;
        size_t distance = text_distance(text_of(word), text_of(typed));
        if (distance >= least || distance >= strlen(word)) continue;
        least = distance;
        best = word;
    }
    return best;
}

/* ---- help ---- */

static void usage_line(const struct command *c, FILE *out) {
    fprintf(out, "parley %s", c->resource);
    if (c->verb) fprintf(out, " %s", c->verb);
    if (*c->arguments) fprintf(out, " %s", c->arguments);
    for (struct text words = text_of(c->flags), word; words.n;) {
        text_cut(words, ' ', &word, &words);
        bool value = words.n && words.at[0] != '-';
        fprintf(out, " [%.*s", TEXT_ARGS(word));
        if (value) text_cut(words, ' ', &word, &words);
        if (value) fprintf(out, " %.*s", TEXT_ARGS(word));
        fputc(']', out);
    }
    fputc('\n', out);
}

void help_all(FILE *out) {
    fputs("usage: parley RESOURCE VERB ... [--url URL] [--token TOKEN] [--output json|table]\n\n", out);
    for (const struct command *c = commands; c->resource; c++) {
        bool first = c == commands || !is(c[-1].resource, c->resource);
        if (!c->verb)
            fprintf(out, "%s  %-12s %s", first ? "\n" : "", c->resource, c->help);
        else if (first)
            fprintf(out, "%s  %-12s %s", c == commands ? "" : "\n", c->resource, c->verb);
        else
            fprintf(out, ", %s", c->verb);
    }
    fputs("\n\nPARLEY_URL [http://127.0.0.1:8080] and PARLEY_TOKEN say which server and as whom. Data goes to stdout, "
          "as a table\n"
          "on a terminal and as JSON elsewhere; notices go to stderr. `parley RESOURCE --help` tells more.\n"
          "Ends with 0 done, 1 failed, 2 wrong usage, 3 not allowed, 4 not found, 5 conflict, 6 try again.\n",
          out);
}

bool help_resource(const char *resource, FILE *out) {
    bool found = false;
    for (const struct command *c = commands; c->resource; c++) {
        if (!is(c->resource, resource_of(resource))) continue;
        usage_line(c, out);
        fprintf(out, "    %s\n", c->help);
        found = true;
    }
    return found;
}

static const char replay_notes[] =
    "\n"
    "--map says which column is what: order=InvoiceNo,customer=CustomerID,time=InvoiceDate,sku=StockCode,\n"
    "    quantity=Quantity,price=UnitPrice. The file's first line has the names. A time without an offset is UTC.\n"
    "Orders become `Order Completed`; those whose number is C and digits become `Order Refunded`. Rows without a "
    "customer,\n"
    "    or whose quantity or price is not above zero, are left out, counted and told.\n"
    "--experiment asks which variant each customer gets and tells that she met it at her first order.\n"
    "--expect customers=4338,revenue=8911407.90 compares the experiment's units and metric sums, over all variants, "
    "and\n"
    "    ends with 1 where they differ or the variants' shares alarm.\n"
    "The same file may be sent again, in part or whole: each event counts once. Where the server is away for up to\n"
    "    --patience seconds [60], sending goes on by itself.\n"
    "--batch is events a request [500], --connections how many at once [4]: each customer's events keep their order.\n"
    "--rate is at most so many events a second. --dry-run reads the file and tells its sums; no server is asked.\n";

void help_command(const struct command *command, FILE *out) {
    fputs("usage: ", out);
    usage_line(command, out);
    fprintf(out, "    %s\n", command->help);
    if (command->run == replay_run) fputs(replay_notes, out);
}
