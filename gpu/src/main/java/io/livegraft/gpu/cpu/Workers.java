package io.livegraft.gpu.cpu;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A fixed crew that shares out independent tasks; the calling thread is one of it. Whoever has nothing to do looks for work for
 * a while, offering its core to others all the time, and then sleeps. When somebody takes such offers there are fewer cores than
 * threads: helpers rest, so that the caller waits for none that is not running. It never waits for one that has not taken a task.
 */
final class Workers implements AutoCloseable {
    /**
     * Longer than a step takes between two products. A core that sleeps wakes up late, and in a virtual machine perhaps beside its
     * neighbour on one physical core: half the speed was seen.
     */
    private static final long LOOK_NANOS = 5_000_000;

    /** Offering the core costs more than looking. */
    private static final int LOOKS_PER_OFFER = 64;

    /** An offer that takes longer was accepted. */
    private static final long ACCEPTED_NANOS = 500_000;

    /** Two in this time are a neighbour that stays. */
    private static final long AGAIN_NANOS = 20_000_000;

    /** Of helpers, before they try again; twice as long every time that the neighbour is still there. */
    private static final long LEAST_REST_NANOS = 5_000_000;

    private static final long MOST_REST_NANOS = 80_000_000;

    /**
     * Tasks 0 to {@code count − 1} of one call. Each thread begins with a stretch of its own, the same in every call, so that it
     * finds in its cache what it wrote before; then it takes what others have left.
     */
    private static final class Job {
        private final IntConsumer task;
        private final int count;
        private final Thread caller;
        private final AtomicIntegerArray next;
        private final AtomicInteger done = new AtomicInteger();
        private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

        Job(IntConsumer task, int count, int threads, Thread caller) {
            this.task = task;
            this.count = count;
            this.caller = caller;
            this.next = new AtomicIntegerArray(threads);
        }

        /** Takes tasks until none is left. */
        void work(int worker) {
            int mine = 0;
            for (int i = 0; i < next.length(); i++) {
                mine += stretch((worker + i) % next.length());
            }
            if (mine > 0 && done.addAndGet(mine) == count && Thread.currentThread() != caller) {
                LockSupport.unpark(caller);
            }
        }

        private int stretch(int owner) {
            int from = begin(owner);
            int length = begin(owner + 1) - from;
            int mine = 0;
            for (int i = next.getAndIncrement(owner); i < length; i = next.getAndIncrement(owner)) {
                try {
                    task.accept(from + i);
                } catch (Throwable broken) {
                    failure.compareAndSet(null, broken);
                }
                mine++;
            }
            return mine;
        }

        private int begin(int owner) {
            return (int) ((long) count * owner / next.length());
        }

        boolean finished() {
            return done.get() == count;
        }
    }

    /** One helper: its thread, and whether it sleeps. */
    private final class Helper implements Runnable {
        private final int number;
        private final Thread thread;
        private volatile boolean asleep;
        private long accepted = System.nanoTime() - AGAIN_NANOS;
        private long restNanos = LEAST_REST_NANOS;

        Helper(int number) {
            this.number = number;
            this.thread =
                    Thread.ofPlatform().daemon().name("livegraft-cpu-" + number).unstarted(this);
        }

        @Override
        public void run() {
            @Nullable Job seen = null;
            while (!closed) {
                Job job = awaitOther(seen);
                if (job != null) {
                    job.work(number);
                }
                seen = job;
            }
        }

        private @Nullable Job awaitOther(@Nullable Job seen) {
            long until = System.nanoTime() + LOOK_NANOS;
            int looks = 0;
            while (current == seen && !closed) {
                if (++looks % LOOKS_PER_OFFER == 0 && (offerCore() || System.nanoTime() >= until)) {
                    asleep = true;
                    if (current == seen && !closed) {
                        LockSupport.park(Workers.this);
                    }
                    asleep = false;
                }
            }
            return current;
        }

        /** Whether somebody took it, and not for the first time. */
        @SuppressWarnings("ThreadPriorityCheck") // results don't depend on who runs when
        private boolean offerCore() {
            long before = System.nanoTime();
            Thread.yield();
            long after = System.nanoTime();
            if (after - before < ACCEPTED_NANOS) {
                return false;
            }
            boolean again = after - accepted < AGAIN_NANOS;
            accepted = after;
            if (again) {
                boolean stillThere = after - restUntil < AGAIN_NANOS;
                restNanos = stillThere ? Math.min(2 * restNanos, MOST_REST_NANOS) : LEAST_REST_NANOS;
                restUntil = after + restNanos;
            }
            return again;
        }
    }

    private final List<Helper> helpers = new ArrayList<>();
    private volatile @Nullable Job current;
    private volatile boolean closed;
    private volatile long restUntil = System.nanoTime();

    Workers(int threads) {
        for (int i = 1; i < threads; i++) {
            helpers.add(new Helper(i));
        }
        helpers.forEach(helper -> helper.thread.start());
    }

    /** Threads that share a job. */
    int threads() {
        return helpers.size() + 1;
    }

    /** Runs tasks 0 to {@code tasks − 1}, each once, in no order that a result may depend on. One caller at a time. */
    void run(int tasks, IntConsumer task) {
        run(tasks, true, task);
    }

    /** The same; on the calling thread alone unless {@code together}, where handing over costs more than it saves. */
    void run(int tasks, boolean together, IntConsumer task) {
        if (!together || helpers.isEmpty() || tasks <= 1 || System.nanoTime() - restUntil < 0) {
            for (int i = 0; i < tasks; i++) {
                task.accept(i);
            }
            return;
        }
        Job job = new Job(task, tasks, threads(), Thread.currentThread());
        current = job;
        for (Helper helper : helpers) {
            if (helper.asleep) {
                LockSupport.unpark(helper.thread);
            }
        }
        job.work(0);
        awaitOthers(job);
        Throwable broken = job.failure.get();
        if (broken != null) {
            throw new IllegalStateException("a CPU worker failed: " + broken, broken);
        }
    }

    @SuppressWarnings("ThreadPriorityCheck")
    private void awaitOthers(Job job) {
        long until = System.nanoTime() + LOOK_NANOS;
        int looks = 0;
        while (!job.finished()) {
            if (++looks % LOOKS_PER_OFFER == 0) {
                Thread.yield();
                if (System.nanoTime() >= until) {
                    LockSupport.park(this);
                }
            }
        }
    }

    @Override
    public void close() {
        closed = true;
        helpers.forEach(helper -> LockSupport.unpark(helper.thread));
    }
}
