package io.livegraft.gpu.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.gpu.TinyModel;
import io.livegraft.gpu.backend.Draw;
import io.livegraft.gpu.backend.Draw.Adjustment;
import io.livegraft.gpu.backend.DrawnLogits;
import io.livegraft.gpu.backend.HostSampling;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the device draws is what the host draws from the same logits, id for id. */
class CudaSamplingTest {
    /** More than a bin holds and fewer; one that is common. */
    private static final int LARGE = 151_936;

    private CudaDevice device;
    private CudaSampling sampling;

    @BeforeEach
    void open() {
        device = StandIn.device();
        sampling = new CudaSampling(device);
    }

    @AfterEach
    void close() {
        if (device != null) {
            device.close();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 31, 33, 1021, 4099})
    void everyKindOfDrawIsTheHosts(int vocabulary) {
        double[] temperatures = {0.7, Double.MIN_VALUE, 0.05, 2};
        List<Draw> draws = draws(vocabulary, Arrays.copyOf(temperatures, vocabulary < 100 ? 4 : 1));
        for (float[] logits : distributions(vocabulary)) {
            assertHosts(logits, draws);
        }
    }

    @Test
    void aLargeVocabularyIsDrawnFromAsTheHostDoes() {
        List<Draw> draws = List.of(
                new Draw(1, 1, 0, 0.7, List.of()),
                new Draw(0.7, 0.9, 0, 0.999, List.of()),
                new Draw(2, 0.95, 50_000, 0.6, List.of()));
        for (float[] logits : distributions(LARGE).subList(0, 3)) {
            assertHosts(logits, draws);
        }
    }

    @Test
    void noOrderOfThreadsAndNoNeighbourShows() {
        float[] logits = distributions(1021).getFirst();
        List<Draw> draws = draws(1021, new double[] {0.9});
        StandIn.inEveryOrder(_ -> assertHosts(logits, draws));
        for (Draw draw : draws) {
            assertHosts(logits, List.of(draw));
        }
    }

    @Test
    void aStepThatComesAgainIsAGraphWhateverItsPointsAre() {
        float[] logits = distributions(131).getFirst();
        CudaTensor there = device.workspaces().own(1, 131, DeviceMemory.Use.TENSORS);
        device.upload(there.address(), MemorySegment.ofArray(logits));
        for (int step = 0; step < 7; step++) {
            Draw draw = new Draw(1.5 + step / 10.0, 0.9, step, step / 7.0, List.of());
            try (var _ = device.queue().repeated()) {
                int[] drawn = sampling.draw(there, new int[] {0}, List.of(draw)).ids();
                assertEquals(new HostSampling().draw(logits, draw), drawn[0], "step " + step);
            }
        }
        assertTrue(device.queue().replays() >= 5, device.queue().replays() + " replays");
    }

    @Test
    void adjustedLogitsAreAsBeforeAfterTheDraw() {
        float[] logits = distributions(1021).getFirst();
        List<Adjustment> adjustments = IntStream.range(0, 1021)
                .filter(id -> id % 3 == 0)
                .mapToObj(id -> new Adjustment(id, id % 2 == 0 ? 4.5f : -100, -0.25f * (id % 7)))
                .toList();
        List<Draw> draws = new ArrayList<>();
        for (double point : new double[] {0, 0.3, 0.999}) {
            draws.add(new Draw(0, 1, 0, point, adjustments));
            draws.add(new Draw(1, 1, 0, point, adjustments.subList(5, 6)));
            draws.add(new Draw(0.8, 0.7, 40, point, adjustments));
        }
        assertHosts(logits, draws);
    }

    @Test
    void aDrawFromARowOrOfATokenThatIsNotThereIsRefused() {
        CudaTensor logits = device.workspaces().own(2, 3, DeviceMemory.Use.TENSORS);
        Draw plain = new Draw(1, 1, 0, 0.5, List.of());
        Draw beyond = new Draw(1, 1, 0, 0.5, List.of(new Adjustment(3, 1, 0)));
        assertThrows(
                IllegalArgumentException.class, () -> sampling.draw(logits, new int[] {0, 0}, List.of(plain, plain)));
        assertThrows(IllegalArgumentException.class, () -> sampling.draw(logits, new int[] {2}, List.of(plain)));
        assertThrows(IllegalArgumentException.class, () -> sampling.draw(logits, new int[] {1}, List.of(beyond)));
    }

    /** Every draw has a row of its own, behind one that nobody draws from. */
    private void assertHosts(float[] logits, List<Draw> draws) {
        int vocabulary = logits.length;
        float[] rows = new float[(draws.size() + 1) * vocabulary];
        for (int row = 1; row <= draws.size(); row++) {
            System.arraycopy(logits, 0, rows, row * vocabulary, vocabulary);
        }
        CudaTensor there = device.workspaces().own(draws.size() + 1, vocabulary, DeviceMemory.Use.TENSORS);
        device.upload(there.address(), MemorySegment.ofArray(rows));
        int[] places = IntStream.rangeClosed(1, draws.size()).toArray();
        DrawnLogits drawn = sampling.draw(there, places, draws);
        HostSampling host = new HostSampling();
        for (int i = 0; i < places.length; i++) {
            int expected = host.draw(logits, draws.get(i));
            assertEquals(expected, drawn.ids()[i], draws.get(i).toString());
            assertEquals(logits[expected], drawn.values()[i]);
        }
        float[] after = new float[rows.length];
        device.download(MemorySegment.ofArray(after), there.address());
        assertArrayEquals(rows, after, 0f);
        there.block().free();
    }

    private static List<Draw> draws(int vocabulary, double[] temperatures) {
        List<Draw> draws = new ArrayList<>();
        for (double temperature : temperatures) {
            for (int topK : new int[] {0, 1, 2, 40, vocabulary - 1, vocabulary, vocabulary + 5}) {
                for (double topP : new double[] {1, 0.9, 0.3, 1e-9}) {
                    for (double point : new double[] {0, 0.37, Math.nextDown(1.0)}) {
                        draws.add(new Draw(temperature, topP, Math.max(0, topK), point, List.of()));
                    }
                }
            }
        }
        return draws;
    }

    /** Normal; of few values; all equal but one; without most; and such as are none. */
    private static List<float[]> distributions(int vocabulary) {
        float[] normal = TinyModel.gaussian(new Random(vocabulary), vocabulary, 3);
        float[] few = normal.clone();
        float[] equal = new float[vocabulary];
        float[] sparse = normal.clone();
        float[] none = new float[vocabulary];
        float[] infinite = normal.clone();
        Arrays.fill(equal, -0f);
        Arrays.fill(none, Float.NEGATIVE_INFINITY);
        for (int id = 0; id < vocabulary; id++) {
            few[id] = Math.round(few[id]);
            sparse[id] = id % 5 == 3 ? sparse[id] : Float.NEGATIVE_INFINITY;
            equal[id] = id % 2 == 0 ? 0f : equal[id];
        }
        equal[vocabulary / 2] = 1e-3f;
        infinite[vocabulary / 3] = Float.POSITIVE_INFINITY;
        return List.of(normal, few, equal, sparse, none, infinite);
    }
}
