package io.livegraft.actors.device;

import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.gpu.generation.GenerationDelta;

/** Where the tokens of one request go. Called on the device's thread: no method may block. */
public interface GenerationSink {
    /** Whether anybody still listens; a generation without a listener ends before its next token. */
    boolean open();

    /** One call for each token, in order. */
    void onDelta(GenerationDelta delta);

    /** After the delta with the finish reason. */
    void onComplete();

    /** Instead of completion; a refusal by the engine or a failure of the device. */
    void onFailure(LivegraftException failure);

    /** Nobody listened any more. */
    void onCancelled();
}
