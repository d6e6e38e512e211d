#include "core/base/clock.h"

#include <stdio.h>
#include <time.h>

static int64_t now_system(const struct clock *clock) {
    (void)clock;
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int64_t now_fixed(const struct clock *clock) {
    return clock->fixed;
}

const struct clock clock_system = {.now = now_system};

void clock_fix(struct clock *clock, int64_t ms) {
    clock->now = now_fixed;
    clock->fixed = ms;
}

void clock_move(struct clock *clock, int64_t by_ms) {
    clock->fixed += by_ms;
}

uint64_t clock_ticks(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Days since 1970-01-01 of a civil date and back (Howard Hinnant, "chrono-compatible low-level date algorithms"). */
static int64_t days_from_civil(int64_t y, unsigned m, unsigned d) {
    y -= m <= 2;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    unsigned yoe = (unsigned)(y - era * 400);
    unsigned doy = (153 * (m > 2 ? m - 3 : m + 9) + 2) / 5 + d - 1;
    unsigned doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return era * 146097 + (int64_t)doe - 719468;
}

static void civil_from_days(int64_t days, int *year, unsigned *month, unsigned *day) {
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    unsigned doe = (unsigned)(days - era * 146097);
    unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    unsigned mp = (5 * doy + 2) / 153;
    *day = doy - (153 * mp + 2) / 5 + 1;
    *month = mp < 10 ? mp + 3 : mp - 9;
    *year = (int)(yoe + era * 400 + (*month <= 2));
}

size_t clock_iso(char out[static CLOCK_ISO_ROOM], int64_t ms) {
    int64_t days = ms / CLOCK_DAY, rest = ms % CLOCK_DAY;
    if (rest < 0) {
        rest += CLOCK_DAY;
        days--;
    }
    int year;
    unsigned month, day;
    civil_from_days(days, &year, &month, &day);
    return (size_t)snprintf(out, CLOCK_ISO_ROOM, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", year, month, day,
                            (int)(rest / CLOCK_HOUR), (int)(rest / CLOCK_MINUTE % 60), (int)(rest / 1000 % 60),
                            (int)(rest % 1000));
}

struct reader {
    const char *at, *end;
};

static bool take(struct reader *r, char c) {
    if (r->at == r->end || *r->at != c) return false;
    r->at++;
    return true;
}

static bool digits(struct reader *r, int count, int *out) {
    if (r->end - r->at < count) return false;
    int value = 0;
    for (int i = 0; i < count; i++) {
        if (r->at[i] < '0' || r->at[i] > '9') return false;
        value = value * 10 + (r->at[i] - '0');
    }
    r->at += count;
    *out = value;
    return true;
}

static bool read_date(struct reader *r, int64_t *days) {
    static const int lengths[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int y, m, d;
    if (!digits(r, 4, &y) || !take(r, '-') || !digits(r, 2, &m) || !take(r, '-') || !digits(r, 2, &d)) return false;
    if (y < 1 || m < 1 || m > 12 || d < 1 || d > lengths[m - 1]) return false;
    bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
    if (m == 2 && d == 29 && !leap) return false;
    *days = days_from_civil(y, (unsigned)m, (unsigned)d);
    return true;
}

/* HH:MM:SS[.fraction], 60 allowed for a leap second (it counts as the next minute's first). */
static bool read_time(struct reader *r, int64_t *ms) {
    int h, m, s, fraction = 0, scale = 100;
    if (!digits(r, 2, &h) || !take(r, ':') || !digits(r, 2, &m) || !take(r, ':') || !digits(r, 2, &s)) return false;
    if (h > 23 || m > 59 || s > 60) return false;
    if (take(r, '.')) {
        int one;
        if (!digits(r, 1, &one)) return false;
        do {
            fraction += one * scale;
            scale /= 10;
        } while (digits(r, 1, &one));
    }
    *ms = h * (int64_t)CLOCK_HOUR + m * (int64_t)CLOCK_MINUTE + s * (int64_t)CLOCK_SECOND + fraction;
    return true;
}

static bool read_offset(struct reader *r, int64_t *ms) {
    *ms = 0;
    if (take(r, 'Z') || take(r, 'z')) return true;
    int sign = take(r, '+') ? 1 : take(r, '-') ? -1 : 0, h, m;
    if (!sign || !digits(r, 2, &h)) return false;
    take(r, ':');
    if (!digits(r, 2, &m) || h > 23 || m > 59) return false;
    *ms = sign * (h * (int64_t)CLOCK_HOUR + m * (int64_t)CLOCK_MINUTE);
    return true;
}

bool clock_shown(int64_t ms) {
    return ms >= -62167219200000 && ms <= 253402300799999;
}

bool clock_parse(struct text iso, int64_t *ms) {
    if (!iso.n) return false;
    struct reader r = {iso.at, iso.at + iso.n};
    int64_t days, time = 0, offset = 0;
    if (!read_date(&r, &days)) return false;
    if (r.at < r.end) {
        if (!take(&r, 'T') && !take(&r, 't') && !take(&r, ' ')) return false;
        if (!read_time(&r, &time) || !read_offset(&r, &offset)) return false;
    }
    if (r.at != r.end) return false;
    *ms = days * CLOCK_DAY + time - offset;
    return true;
}

bool clock_parse_duration(struct text iso, int64_t *ms) {
    if (!iso.n) return false;
    struct reader r = {iso.at, iso.at + iso.n};
    if (!take(&r, 'P') || r.at == r.end) return false;
    int64_t total = 0;
    bool in_time = false;
    static const char units[] = "WDHMS";
    static const int64_t lengths[] = {7LL * CLOCK_DAY, CLOCK_DAY, CLOCK_HOUR, CLOCK_MINUTE, CLOCK_SECOND};
    size_t next = 0; /* units come in this order, each at most once */
    while (r.at < r.end) {
        if (take(&r, 'T')) {
            if (in_time || r.at == r.end) return false;
            in_time = true;
            if (next < 2) next = 2;
        }
        int64_t count = 0;
        const char *start = r.at;
        for (; r.at < r.end && *r.at >= '0' && *r.at <= '9'; r.at++)
            if ((count = count * 10 + (*r.at - '0')) > 1000000000) return false;
        if (r.at == start || r.at == r.end) return false;
        const char *unit = strchr(units + next, *r.at);
        if (!unit || !*unit || (unit - units >= 2) != in_time) return false;
        total += count * lengths[unit - units];
        next = (size_t)(unit - units) + 1;
        r.at++;
    }
    *ms = total;
    return true;
}
