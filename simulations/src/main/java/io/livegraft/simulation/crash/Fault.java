package io.livegraft.simulation.crash;

/** What happens to the node that has a tenant's partition. */
enum Fault {
    /** It is paused (SIGSTOP) until another node publishes for its tenants, and then wakes (SIGCONT): a zombie. */
    PAUSED,
    /** It is killed (SIGKILL). */
    KILLED
}
