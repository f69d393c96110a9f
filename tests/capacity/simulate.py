#!/usr/bin/env python3
"""How long jobs wait for a slot, at today's load and at many times of it.

Simulates the queue event by event: students who ask alone, in classes and in bulk over a day with its peaks, run times
with a long tail, users who take turns, at most `JOBS_PER_USER` jobs of a user at once. For each load it takes the
slots that the formula of docs/operations.md asks for (arrivals in the busiest hour, times mean run time, by target
utilisation), and a fifth less, and prints how long the jobs of the busiest hour waited. The same seed gives the same
table.
"""

import argparse
import heapq
import math
import random
import sys
import time
from collections import deque

# Jobs of a day by hour: students begin late and ask most in the evening before a lecture. Its sum is 100.
HOURS = [1, 1, 0, 0, 0, 0, 1, 2, 4, 5, 6, 6, 5, 5, 6, 6, 6, 6, 6, 8, 10, 8, 5, 3]
BUSIEST = HOURS.index(max(HOURS))

# Share of the jobs, and mean run time in seconds. What docs/figures.md has not is assumed, and says so.
KINDS = {
    "quiz by a provider": (0.70, 20.0),  # assumed: some calls after each other; --provider-seconds
    "quiz by the local generator, or from the cache": (0.10, 0.05),  # 43 ms from upload to end
    "document with text": (0.08, 0.05),  # 1,500 pages a second, and a child process
    "scanned document": (0.02, 34.0),  # 20 pages of 1.7 s
    "plan": (0.05, 15.0),  # assumed: one call
    "report, export, erasure": (0.05, 1.0),  # assumed
}
# Spread of the logarithm of run times: one in a hundred takes over six times the mean.
TAIL = 1.0
LONGEST = 900.0
JOBS_PER_USER = 3

# Of the jobs, a quarter is asked for by classes, whose students all ask within two minutes; a twentieth by somebody who
# asks for many at once.
IN_CLASSES, CLASS, CLASS_SECONDS = 0.25, 40, 120.0
IN_BULK, BULK = 0.05, 30
# Jobs that a run of the simulation has at least, and at most: little load is simulated for many days, much for a part
# of the busiest hour.
JOBS = 200_000, 700_000
WARM_UP = 600.0


def mean_run(kinds):
    return sum(share * mean for share, mean in kinds.values())


def needed(rate, mean, target, slots, least):
    """Slots for so many arrivals a second, in whole workers: Little's law, and room for what is not even."""
    return max(least, math.ceil(rate * mean / target / slots)) * slots


class Load:
    """Jobs that arrive in some seconds, the busiest of which are looked at."""

    def __init__(self, jobs_a_day, kinds, rng):
        self.kinds, self.rng, self.users = kinds, rng, 0
        self.shares = [share for share, _ in kinds.values()]
        self.log_means = [math.log(mean) - TAIL * TAIL / 2 for _, mean in kinds.values()]
        self.jobs = []
        peak = jobs_a_day * HOURS[BUSIEST] / 100 / 3600
        if jobs_a_day > JOBS[1]:
            # A part of the busiest hour, after a while in which the slots fill.
            seconds = min(3600.0, JOBS[1] / peak - WARM_UP)
            self.hour(0.0, seconds + WARM_UP, peak)
            self.looked_at = lambda at: WARM_UP <= at < seconds + WARM_UP
        else:
            for day in range(max(1, JOBS[0] // jobs_a_day)):
                for hour, percent in enumerate(HOURS):
                    self.hour((day * 24 + hour) * 3600.0, 3600.0, jobs_a_day * percent / 100 / 3600)
            self.looked_at = lambda at: at // 3600 % 24 == BUSIEST
        self.jobs.sort()

    def hour(self, start, seconds, rate):
        """Whoever asks within these seconds, in which so many jobs a second are asked for."""
        alone = 1 - IN_CLASSES - IN_BULK
        for at in self.moments(start, seconds, rate * alone):
            self.ask(at, 1)
        for at in self.moments(start, seconds, rate * IN_CLASSES / CLASS):
            for _ in range(CLASS):
                self.ask(at + self.rng.random() * CLASS_SECONDS, 1)
        for at in self.moments(start, seconds, rate * IN_BULK / BULK):
            self.ask(at, BULK)

    def moments(self, start, seconds, rate):
        at = start
        while rate > 0:
            at += self.rng.expovariate(rate)
            if at >= start + seconds:
                return
            yield at

    def ask(self, at, jobs):
        """A user asks for jobs: each has a time, the user, a run time, and whether it is one of many."""
        self.users += 1
        for log_mean in self.rng.choices(self.log_means, self.shares, k=jobs):
            run = min(LONGEST, self.rng.lognormvariate(log_mean, TAIL))
            self.jobs.append((at, self.users, run, jobs > 1))


def waits(load, slots):
    """How long the jobs that are looked at wait, in seconds: of those who ask for one, and of those for many."""
    waiting, running, line, ending = {}, {}, deque(), []
    waited = [], []

    def start(now):
        """Starts what may start: the user whose turn it is, who then stands behind the others again."""
        while line and len(ending) < slots:
            user = line.popleft()
            at, run, in_bulk = waiting[user].popleft()
            running[user] = running.get(user, 0) + 1
            heapq.heappush(ending, (now + run, user))
            if load.looked_at(at):
                waited[in_bulk].append(now - at)
            if not waiting[user]:
                del waiting[user]
            elif running[user] < JOBS_PER_USER:
                line.append(user)

    def end(now, user):
        held = user in waiting and running[user] == JOBS_PER_USER
        running[user] -= 1
        if not running[user]:
            del running[user]
        # What was held had its turn already.
        if held:
            line.appendleft(user)
        start(now)

    for at, user, run, in_bulk in load.jobs:
        while ending and ending[0][0] <= at:
            end(*heapq.heappop(ending))
        if user in waiting:
            waiting[user].append((at, run, in_bulk))
            continue
        waiting[user] = deque([(at, run, in_bulk)])
        if running.get(user, 0) < JOBS_PER_USER:
            line.append(user)
            start(at)
    while ending:
        end(*heapq.heappop(ending))
    return waited


def percentiles(values):
    values = sorted(values)
    ranks = [values[math.ceil(share * len(values)) - 1] for share in (0.5, 0.95, 0.99)] if values else []
    return ", ".join(f"{rank:.1f}" if rank < 9.95 else f"{rank:.0f}" for rank in ranks) + " s"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs-a-day", type=int, default=2000, help="today's load (2000)")
    parser.add_argument("--times", type=int, nargs="+", default=[1, 100, 10_000], help="how many times of it")
    parser.add_argument("--provider-seconds", type=float, default=20.0, help="mean of a quiz by a provider (20)")
    parser.add_argument("--target", type=float, default=0.7, help="utilisation in the busiest hour (0.7)")
    parser.add_argument("--slots", type=int, default=4, help="slots of a worker, WORKER_CONCURRENCY (4)")
    parser.add_argument("--least", type=int, default=1, help="workers at least (1)")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()

    kinds = {**KINDS, "quiz by a provider": (KINDS["quiz by a provider"][0], options.provider_seconds)}
    mean, began = mean_run(kinds), time.monotonic()
    print(f"mean run time {mean:.1f} s, busiest hour {HOURS[BUSIEST]} % of a day, target {options.target}\n")
    waited = ["wait p50, p95, p99", "of who asks for 30"]
    heads = ["times", "jobs a day", "jobs/s at the peak", "slots (workers)", *waited, "a fifth fewer", *waited]
    print("| " + " | ".join(heads) + " |\n" + "| --- " * len(heads) + "|")
    for times in options.times:
        jobs = options.jobs_a_day * times
        rate = jobs * HOURS[BUSIEST] / 100 / 3600
        slots = needed(rate, mean, options.target, options.slots, options.least)
        load = Load(jobs, kinds, random.Random(options.seed))
        cells = [f"{times:,}", f"{jobs:,}", f"{rate:,.2f}", f"{slots:,} ({slots // options.slots:,})"]
        cells += map(percentiles, waits(load, slots))
        fewer = max(1, slots * 4 // 5)
        cells += [f"{fewer:,}", *map(percentiles, waits(load, fewer))]
        print("| " + " | ".join(cells) + " |", flush=True)
    print(f"\n{time.monotonic() - began:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
