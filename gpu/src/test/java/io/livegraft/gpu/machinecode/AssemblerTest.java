package io.livegraft.gpu.machinecode;

import static io.livegraft.gpu.machinecode.Register.R10;
import static io.livegraft.gpu.machinecode.Register.R11;
import static io.livegraft.gpu.machinecode.Register.R12;
import static io.livegraft.gpu.machinecode.Register.R14;
import static io.livegraft.gpu.machinecode.Register.R8;
import static io.livegraft.gpu.machinecode.Register.R9;
import static io.livegraft.gpu.machinecode.Register.RAX;
import static io.livegraft.gpu.machinecode.Register.RBP;
import static io.livegraft.gpu.machinecode.Register.RBX;
import static io.livegraft.gpu.machinecode.Register.RCX;
import static io.livegraft.gpu.machinecode.Register.RDI;
import static io.livegraft.gpu.machinecode.Register.RDX;
import static io.livegraft.gpu.machinecode.Register.RSI;
import static io.livegraft.gpu.machinecode.Register.RSP;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.HexFormat;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** Bytes that another assembler (GNU as 2.40) makes of the same instructions; a prefix without bits (40) is left in. */
class AssemblerTest {
    @Test
    void vectorsLoadAndStoreWithShortAndLongDisplacements() {
        bytes("62 e1 7c 48 10 4f 02", a -> a.loadVector(17, Address.at(RDI, 128)));
        bytes("62 f1 7c c9 10 58 01", a -> a.loadVector(3, Address.at(RAX, 64), 1));
        bytes("62 41 7c 48 11 78 41", a -> a.storeVector(Address.at(R8, 4160), 31));
        bytes("62 f1 7c 48 10 87 04 00 00 00", a -> a.loadVector(0, Address.at(RDI, 4)));
    }

    @Test
    void shiftsAndLookUpsReachAllRegisters() {
        bytes("62 b1 6d 40 72 d1 14", a -> a.shiftRight32(18, 17, 20));
        bytes("62 b1 6d 48 71 d3 04", a -> a.shiftRight16(2, 19, 4));
        bytes("62 b1 65 40 72 f1 10", a -> a.shiftLeft32(19, 17, 16));
        bytes("62 a2 6d 40 16 d8", a -> a.lookUp32(19, 18, 16));
        bytes("62 a2 f5 40 8d d0", a -> a.lookUp16(18, 17, 16));
        bytes("62 e2 ed 48 75 c3", a -> a.select16(16, 2, 3));
        bytes("62 e3 65 48 43 e7 dd", a -> a.shuffleQuarters(20, 3, 7, 0xDD));
        bytes("62 b1 fd 40 6d ca", a -> a.unpackHigh64(1, 16, 18));
        bytes("62 a1 75 40 db dc", a -> a.and(19, 17, 20));
        bytes("62 a1 75 40 eb dc", a -> a.or(19, 17, 20));
    }

    @Test
    void arithmeticTakesMemoryAndBroadcasts() {
        bytes("62 f2 65 50 b8 a0 04 02 00 00", a -> a.multiplyAdd(4, 19, Address.broadcast(RAX, 516)));
        bytes("62 52 3d 40 b8 7b 20", a -> a.multiplyAdd(15, 24, Address.at(R11, 2048)));
        bytes("62 f2 77 48 72 c0", a -> a.roundTwo(0, 1, 0));
        bytes("62 62 7d 48 18 f8", a -> a.broadcast(31, 0));
        bytes("62 f1 64 48 59 5f 01", a -> a.multiplyFloats(3, 3, Address.at(RDI, 64)));
        bytes("62 e2 7d 48 21 57 03", a -> a.extendBytes(18, Address.at(RDI, 48)));
        bytes("62 e2 7d 48 21 97 00 10 00 00", a -> a.extendBytes(18, Address.at(RDI, 4096)));
        bytes("62 a1 7c 48 5b da", a -> a.toFloats(19, 18));
        bytes("c4 c1 7b 92 d2", a -> a.loadMask(2, R10));
    }

    @Test
    void elementsAreComputedLaneByLane() {
        bytes("62 42 7d 48 18 71 02", a -> a.broadcast(30, Address.at(R9, 8)));
        bytes("62 e1 7c 49 11 4f 01", a -> a.storeVector(Address.at(RDI, 64), 17, 1));
        bytes("62 c1 6c 58 58 51 03", a -> a.addFloats(18, 2, Address.broadcast(R9, 12)));
        bytes("62 b1 04 40 5c cb", a -> a.subtractFloats(1, 31, 19));
        bytes("62 d1 6c 58 5c 59 01", a -> a.subtractFloats(3, 2, Address.broadcast(R9, 4)));
        bytes("62 e1 6c 48 59 52 02", a -> a.multiplyFloats(18, 2, Address.at(RDX, 128)));
        bytes("62 b1 0c 40 5e d1", a -> a.divideFloats(2, 30, 17));
        bytes("62 31 3e 48 5e d2", a -> a.divideLowest(10, 8, 18)); // as -mevexlig=512
        bytes("62 f1 14 40 5d c9", a -> a.lesserFloats(1, 29, 1));
        bytes("62 a1 1c 40 5f d1", a -> a.greaterFloats(18, 28, 17));
        bytes("62 a1 5c 49 5f c9", a -> a.greaterFloats(17, 4, 17, 1));
        bytes("62 d1 65 58 fe 61 04", a -> a.add32(4, 3, Address.broadcast(R9, 16)));
        bytes("62 e2 6d 48 a8 d9", a -> a.multiplyThenAdd(19, 2, 1));
        bytes("62 d2 75 58 a8 59 05", a -> a.multiplyThenAdd(3, 1, Address.broadcast(R9, 20)));
        bytes("62 f1 7c 48 5a 4f 01", a -> a.loadWide(1, Address.at(RDI, 32)));
        bytes("62 f1 fd 48 58 c1", a -> a.addDoubles(0, 0, 1));
        bytes("62 a1 f5 48 59 d1", a -> a.multiplyDoubles(18, 1, 17));
        bytes("62 e3 7d 48 04 e3 4e", a -> a.shuffleWithinQuarters(20, 3, 0x4E));
    }

    @Test
    void tilesAreConfiguredLoadedMultipliedAndStored() {
        bytes("c4 e2 78 49 40 40", a -> a.configureTiles(Address.at(RAX, 64)));
        bytes("c4 e2 78 49 c0", Assembler::releaseTiles);
        bytes("c4 e2 7b 49 c8", a -> a.zeroTile(1));
        bytes("c4 c2 7b 4b 74 1b 40", a -> a.loadTile(6, Address.rows(R11, 64, RBX)));
        bytes("c4 c2 79 4b 64 32 00", a -> a.loadTileOnce(4, Address.rows(R10, 0, RSI)));
        bytes("c4 a2 7a 4b 4c 01 40", a -> a.storeTile(Address.rows(RCX, 64, R8), 1));
        bytes("c4 e2 4a 5c d5", a -> a.multiplyTiles(2, 5, 6));
    }

    @Test
    void bytesAreLookedUpMultipliedAndStored() {
        bytes("62 f2 76 50 52 53 02", a -> a.multiplyAddPairs(2, 17, Address.broadcast(RBX, 8)));
        bytes("62 52 0e 50 52 4c 24 41", a -> a.multiplyAddPairs(9, 30, Address.broadcast(R12, 260)));
        bytes("62 a2 65 40 8d e0", a -> a.lookUp8(20, 19, 16));
        bytes("62 e2 7d 40 8d 67 02", a -> a.lookUp8(20, 16, Address.at(RDI, 128)));
        bytes("62 f2 5d 50 50 68 11", a -> a.multiplyAddBytes(5, 20, Address.broadcast(RAX, 68)));
        bytes("62 72 55 50 50 58 02", a -> a.multiplyAddBytes(11, 21, Address.broadcast(RAX, 8)));
        bytes("62 52 3d 48 3f c1", a -> a.greater32(8, 8, 9));
        bytes("62 51 35 48 fa e4", a -> a.subtract32(12, 9, 12));
        bytes("62 c1 55 48 fe d1", a -> a.add32(18, 5, 9));
        bytes("62 f2 7e 48 21 5e 03", a -> a.storeBytes(Address.at(RSI, 48), 3));
        bytes("62 c2 7e 48 21 51 01", a -> a.storeBytes(Address.at(R9, 16), 18));
        bytes("62 41 7c 48 5b 4b 01", a -> a.toFloats(25, Address.at(R11, 64)));
        bytes("62 e1 7d 48 5b db", a -> a.toWhole(19, 3));
        bytes("62 b2 3d 40 b8 fa", a -> a.multiplyAdd(7, 24, 18));
        bytes("62 a1 5d 40 ef e1", a -> a.xor(20, 20, 17));
        bytes("c4 e2 6b 5e c1", a -> a.multiplyByteTiles(0, 1, 2));
    }

    @Test
    void generalRegistersMoveAddAndShift() {
        bytes("4c 89 c5", a -> a.move(RBP, R8));
        bytes("48 81 c7 40 02 00 00", a -> a.add(RDI, 576));
        bytes("49 81 f3 00 08 00 00", a -> a.flip(R11, 2048));
        bytes("49 c1 e4 0a", a -> a.shiftLeft(R12, 10));
        bytes("49 c1 ea 10", a -> a.shiftRight(R10, 16));
        bytes("4c 8b 54 24 10", a -> a.load(R10, Address.at(RSP, 16)));
        bytes("41 54", a -> a.push(R12));
        bytes("40 5b", a -> a.pop(RBX));
        bytes("40 0f 18 8f 00 10 00 00", a -> a.prefetch(Address.at(RDI, 4096)));
        bytes("40 0f 18 97 00 10 00 00", a -> a.prefetchSecond(Address.at(RDI, 4096)));
        bytes("42 0f 18 54 37 40", a -> a.prefetchSecond(Address.rows(RDI, 64, R14)));
        bytes("40 0f 0d 8b 80 00 00 00", a -> a.prefetchToWrite(Address.at(RBX, 128)));
        bytes("42 0f 0d 4c 0b 40", a -> a.prefetchToWrite(Address.rows(RBX, 64, R9)));
        bytes("40 0f ae 54 24 f8", a -> a.loadControl(Address.at(RSP, -8)));
        bytes("40 0f ae 5c 24 f8", a -> a.saveControl(Address.at(RSP, -8)));
    }

    @Test
    void jumpsGoBackToLabelsAndForwardToPlacesThatComeLater() {
        bytes("49 81 c2 ff ff ff ff 0f 85 f3 ff ff ff", a -> a.loop(R10, a.label()));
        bytes("0f 84 05 00 00 00 c4 e2 78 49 c0", a -> {
            Assembler.Jump jump = a.jumpIfZero();
            a.releaseTiles();
            a.here(jump);
        });
    }

    @Test
    void vectorsOf256BitsAreMovedAndRearranged() {
        narrow("c4 41 7c 10 4a 20", v -> v.load(9, Address.at(R10, 32)));
        narrow("c4 61 7c 11 68 40", v -> v.store(Address.at(RAX, 64), 13));
        narrow("c4 61 78 11 66 10", v -> v.storeHalf(Address.at(RSI, 16), 12));
        narrow("c4 63 7d 19 58 30 01", v -> v.storeUpperHalf(Address.at(RAX, 48), 11));
        narrow(
                "c4 61 78 10 77 10 c4 63 0d 18 77 30 01",
                v -> v.loadHalves(14, Address.at(RDI, 16), Address.at(RDI, 48)));
        narrow("c4 61 7a 11 52 04", v -> v.storeLowest(Address.at(RDX, 4), 10));
        narrow("c4 62 7d 18 b0 04 02 00 00", v -> v.broadcast(14, Address.at(RAX, 516)));
        narrow("c4 42 7d 18 db", v -> v.broadcast(11, 11));
        narrow("c4 42 3d 00 e4", v -> v.lookUp8(12, 8, 12));
        narrow("c4 c2 75 00 8a 40 04 00 00", v -> v.lookUp8(1, 1, Address.at(R10, 1088)));
        narrow("c4 c2 35 36 c2", v -> v.lookUp32(0, 9, 10));
        narrow("c4 63 fd 00 5f 40 d8", v -> v.shuffle64(11, Address.at(RDI, 64), 0xD8));
        narrow("c4 41 7d 70 cc 4e", v -> v.shuffle32(9, 12, 0x4E));
        narrow("c4 43 3d 46 c8 01", v -> v.swapHalves(9, 8));
        narrow("c4 41 25 61 e1", v -> v.unpackLow16(12, 11, 9));
        narrow("c4 c1 25 69 d1", v -> v.unpackHigh16(2, 11, 9));
        narrow("c4 e1 7d 6b c1", v -> v.narrow32(0, 0, 1));
        narrow("c4 41 7d 63 c1", v -> v.narrow16(8, 0, 9));
        narrow("c4 43 3d 4a c1 a0", v -> v.choose(8, 8, 9, 10));
        narrow("c4 62 7d 21 40 18", v -> v.extendBytes(8, Address.at(RAX, 24)));
    }

    @Test
    void vectorsOf256BitsAreComputedWith() {
        narrow("c4 41 25 db e1", v -> v.and(12, 11, 9));
        narrow("c4 c1 1d 71 d3 04", v -> v.shiftRight16(12, 11, 4));
        narrow("c4 e1 1d 72 f3 07", v -> v.shiftLeft32(12, 3, 7));
        narrow("c4 e1 2d 72 d7 14", v -> v.shiftRight32(10, 7, 20));
        narrow("c4 42 7d 1c ec", v -> v.magnitude8(13, 12));
        narrow("c4 42 0d 08 f4", v -> v.sign8(14, 14, 12));
        narrow("c4 42 15 04 f6", v -> v.multiplyPairs8(14, 13, 14));
        narrow("c4 41 0d f5 f2", v -> v.multiplyPairs16(14, 14, 10));
        narrow("c4 c1 45 fe fe", v -> v.add32(7, 7, 14));
        narrow("c4 41 35 fa e4", v -> v.subtract32(12, 9, 12));
        narrow("c4 42 3d 3f c1", v -> v.greater32(8, 8, 9));
        narrow("c4 c1 7c 5b ef", v -> v.toFloats(5, 15));
        narrow("c4 61 7d 5b fd", v -> v.toWhole(15, 5));
        narrow("c4 c1 5c 59 e6", v -> v.multiplyFloats(4, 4, 14));
        narrow("c4 c1 5c 59 a3 00 01 00 00", v -> v.multiplyFloats(4, 4, Address.at(R11, 256)));
        narrow("c4 41 3a 5e d6", v -> v.divideLowest(10, 8, 14));
        narrow("c4 c2 5d b8 ce", v -> v.multiplyAdd(1, 4, 14));
        narrow("c4 e2 1d b8 8f 20 01 00 00", v -> v.multiplyAdd(1, 12, Address.at(RDI, 288)));
        narrow("c4 e1 4d ef f6", v -> v.zero(6));
    }

    private static void narrow(String expected, Consumer<NarrowVectors> instruction) {
        bytes(expected, a -> instruction.accept(new NarrowVectors(a)));
    }

    private static void bytes(String expected, Consumer<Assembler> instruction) {
        Assembler assembler = new Assembler();
        instruction.accept(assembler);
        assertEquals(expected, HexFormat.ofDelimiter(" ").formatHex(assembler.code()));
    }
}
