package io.livegraft.actors.trainer;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.livegraft.gpu.optimizer.BlockwiseCodes;
import io.livegraft.gpu.optimizer.Moments;
import io.livegraft.gpu.optimizer.TensorMoments;
import io.livegraft.proto.checkpoint.Checkpoint;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** AdamW's moments in a checkpoint, each form as it is kept, so that training goes on with the same bits. */
final class MomentsCodec {
    private MomentsCodec() {}

    static void encode(Moments moments, Checkpoint.Builder checkpoint) {
        switch (moments) {
            case Moments.Float32(var first, var second) ->
                checkpoint.setFirstMoment(bytes(first)).setSecondMoment(bytes(second));
            case Moments.Blockwise(var tensors) ->
                tensors.forEach(tensor -> checkpoint.addTensorMoments(encode(tensor)));
        }
    }

    static Moments decode(Checkpoint checkpoint) {
        return checkpoint.getTensorMomentsCount() == 0
                ? new Moments.Float32(floats(checkpoint.getFirstMoment()), floats(checkpoint.getSecondMoment()))
                : new Moments.Blockwise(checkpoint.getTensorMomentsList().stream()
                        .map(MomentsCodec::decode)
                        .toList());
    }

    private static io.livegraft.proto.checkpoint.TensorMoments encode(TensorMoments tensor) {
        var message = io.livegraft.proto.checkpoint.TensorMoments.newBuilder();
        return switch (tensor) {
            case TensorMoments.Plain(var m, var v) ->
                message.setFirst(bytes(m)).setSecond(bytes(v)).build();
            case TensorMoments.Quantized(var m, var v) ->
                message.setFirst(ByteString.copyFrom(m.codes()))
                        .setSecond(ByteString.copyFrom(v.codes()))
                        .setFirstAbsmax(bytes(m.absMax()))
                        .setSecondAbsmax(bytes(v.absMax()))
                        .build();
        };
    }

    private static TensorMoments decode(io.livegraft.proto.checkpoint.TensorMoments message) {
        return message.getFirstAbsmax().isEmpty()
                ? new TensorMoments.Plain(floats(message.getFirst()), floats(message.getSecond()))
                : new TensorMoments.Quantized(
                        new BlockwiseCodes(message.getFirst().toByteArray(), floats(message.getFirstAbsmax())),
                        new BlockwiseCodes(message.getSecond().toByteArray(), floats(message.getSecondAbsmax())));
    }

    private static ByteString bytes(float[] values) {
        ByteBuffer buffer = ByteBuffer.allocate(Math.multiplyExact(values.length, Float.BYTES))
                .order(ByteOrder.LITTLE_ENDIAN);
        buffer.asFloatBuffer().put(values);
        return UnsafeByteOperations.unsafeWrap(buffer);
    }

    private static float[] floats(ByteString bytes) {
        float[] values = new float[bytes.size() / Float.BYTES];
        bytes.asReadOnlyByteBuffer()
                .order(ByteOrder.LITTLE_ENDIAN)
                .asFloatBuffer()
                .get(values);
        return values;
    }
}
