package io.livegraft.gpu.cuda;

/** The order in which the stand-in runs a block's threads between barriers; a right kernel gives the same bits in each. */
enum FiberOrder {
    FORWARD(0),
    REVERSE(1),
    RANDOM(2);

    final int code;

    FiberOrder(int code) {
        this.code = code;
    }
}
