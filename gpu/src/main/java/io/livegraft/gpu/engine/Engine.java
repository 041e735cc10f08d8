package io.livegraft.gpu.engine;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.FactorsWork;
import io.livegraft.gpu.backend.KvPages;
import io.livegraft.gpu.backend.SlicedWork;
import io.livegraft.gpu.cuda.CudaException;
import io.livegraft.gpu.cuda.MemoryPlan;
import io.livegraft.gpu.cuda.TrainingShape;
import io.livegraft.gpu.device.Device;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.gpu.generation.GenerationDelta;
import io.livegraft.gpu.generation.SamplingSettings;
import io.livegraft.gpu.lora.LoraAdapter;
import io.livegraft.gpu.model.ModelConfig;
import io.livegraft.gpu.model.ModelDirectory;
import io.livegraft.gpu.optimizer.MomentPrecision;
import io.livegraft.gpu.tensor.BasePrecision;
import io.livegraft.gpu.tokenizer.TokenDecoder;
import io.livegraft.gpu.tokenizer.Tokenizer;
import io.livegraft.gpu.training.AdapterTraining;
import io.livegraft.gpu.training.Evaluation;
import io.livegraft.gpu.training.ExampleScores;
import io.livegraft.gpu.training.StepPlan;
import io.livegraft.gpu.training.StepResult;
import io.livegraft.gpu.training.TrainingCycle;
import io.livegraft.gpu.training.TrainingExample;
import io.livegraft.gpu.transformer.AdapterTensors;
import io.livegraft.gpu.transformer.GradientCheckpointing;
import io.livegraft.gpu.transformer.NextLogits;
import io.livegraft.gpu.transformer.Transformer;
import io.livegraft.gpu.transformer.TransformerWeights;
import io.livegraft.gpu.weightcache.BaseWeights;
import io.livegraft.gpu.weightcache.WeightCache;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One base on one device, shared by training and serving: the only code that touches the device. Used from one thread at a time.
 *
 * <p>What a caller can cause is refused with a {@link LivegraftException}, as the methods say; use of an adapter that was
 * released is a broken invariant, {@link IllegalStateException}.
 */
public final class Engine implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Engine.class);

    /** Of those that the memory plan puts into a slice. */
    private static final int TOKENS_OF_A_SEQUENCE = 64;

    private final EngineSettings settings;
    private final ModelDirectory directory;
    private final Tokenizer tokenizer;
    private final Backend backend;
    private final BaseWeights weights;
    private final BasePrecision precision;
    private final Transformer transformer;
    private final NextLogits nextLogits;
    private final int maxSequenceTokens;
    private final MemoryBudget memory;
    private final PagePool pool;
    private final PrefixCache prefixes;
    private int admitted;

    private Engine(EngineSettings settings, ModelDirectory directory, TokenizerLoading tokenizer, Device device) {
        this.settings = settings;
        this.directory = directory;
        this.backend = device.backend();
        this.precision = BasePrecision.of(settings.precision().orElse(directory.precision()), settings.headPrecision());
        this.weights = WeightCache.weights(settings.weightCache(), directory, precision, device.images());
        this.tokenizer = tokenizer.await(); // before a base is quantized that can't be used
        TransformerWeights frozen = TransformerWeights.frozen(backend, directory, precision, weights);
        weights.complete();
        device.trim();
        this.pool = new PagePool(allocated(new Transformer(backend, frozen)));
        this.transformer = new Transformer(backend, frozen, checkpointing(device));
        this.nextLogits = new NextLogits(backend, transformer);
        this.prefixes = new PrefixCache(pool);
        this.maxSequenceTokens = (int) Math.min(longest(), (long) pool.pages() * pool.pageTokens());
        this.memory = MemoryBudget.of(frozen, pool.memory());
        LOG.info("{}", memory.description());
    }

    /** Of what the base attends to, and what the settings allow. */
    private int longest() {
        int limit = directory.config().maxPositions();
        return settings.maxSequenceTokens() == 0 ? limit : Math.min(limit, settings.maxSequenceTokens());
    }

    /** As many as all sequences at their longest need, or as the memory for them allows. */
    private KvPages allocated(Transformer any) {
        KvCacheSettings kv = settings.kvCache();
        long bytes = any.allocateKvPages(1, kv.pageTokens()).pageBytes();
        long enough = (long) settings.maxSequences() * Math.ceilDiv(longest(), kv.pageTokens());
        int count = (int) Math.min(Integer.MAX_VALUE, Math.min(enough, kv.memory() / bytes));
        if (count == 0) {
            throw new LivegraftException(
                    ErrorCode.INVALID_CONFIGURATION,
                    "livegraft.engine.kv-cache.memory is %d bytes, expected at least one page of %d"
                            .formatted(kv.memory(), bytes));
        }
        return any.allocateKvPages(count, kv.pageTokens());
    }

    /** What was asked for; else what the device's memory plan chooses, or the fastest. */
    private GradientCheckpointing checkpointing(Device device) {
        int tokens = settings.sliceTokens();
        TrainingShape shape = new TrainingShape(
                config(),
                precision,
                settings.device().plannedRank(),
                MomentPrecision.FLOAT32,
                tokens,
                Math.ceilDiv(tokens, TOKENS_OF_A_SEQUENCE));
        long cacheBytes = pool.memory().pageBytes() * pool.pages();
        Optional<MemoryPlan> plan = device.plan(shape, cacheBytes, settings.checkpointing());
        plan.ifPresent(Engine::say);
        return plan.map(one -> one.best().policy().checkpointing())
                .orElse(settings.checkpointing().orElse(GradientCheckpointing.NONE));
    }

    /** An engine that trains nothing needs no room for it: its base serves, and a step that does not fit is refused. */
    private static void say(MemoryPlan plan) {
        if (plan.fitting().isPresent()) {
            LOG.info("memory plan of a training step: {}", plan.table());
        } else {
            LOG.warn("{}", plan.refusal());
        }
    }

    /** Loads a base; a directory that can't be used is refused with {@link ErrorCode#INVALID_MODEL}. */
    public static Engine open(EngineSettings settings) {
        return open(settings, () -> Device.open(settings.device(), settings.threads(), settings::cpuKernels));
    }

    static Engine open(EngineSettings settings, Supplier<Device> devices) {
        ModelDirectory directory = ModelDirectory.open(settings.base());
        if (!directory.hasWeights()) {
            throw new LivegraftException(
                    ErrorCode.INVALID_MODEL,
                    "base directory %s has no model.safetensors or model.safetensors.index.json"
                            .formatted(settings.base()));
        }
        TokenizerLoading tokenizer = TokenizerLoading.begin(settings.base(), directory.config());
        try {
            return open(settings, directory, tokenizer, devices.get());
        } catch (RuntimeException | Error failed) {
            tokenizer.giveUp();
            throw failed;
        }
    }

    private static Engine open(
            EngineSettings settings, ModelDirectory directory, TokenizerLoading tokenizer, Device device) {
        LOG.info("{}", device.description());
        try {
            return new Engine(settings, directory, tokenizer, device);
        } catch (CudaException refused) {
            device.backend().close();
            throw shortOfMemory(refused, ErrorCode.INVALID_CONFIGURATION);
        } catch (LivegraftException refused) {
            device.backend().close();
            throw refused;
        }
    }

    /** What does not fit is an answer; the rest leaves the device of no use. */
    static RuntimeException shortOfMemory(CudaException refused, ErrorCode code) {
        return refused.code().outOfMemory()
                ? new LivegraftException(code, String.valueOf(refused.getMessage()), refused)
                : refused;
    }

    public ModelConfig config() {
        return directory.config();
    }

    public Tokenizer tokenizer() {
        return tokenizer;
    }

    /** The directory's own name. */
    public String baseName() {
        return directory.name();
    }

    /** SHA-256 of configuration, tokenizer and weights, hexadecimal. */
    public String baseDigest() {
        return weights.baseDigest();
    }

    /** What the bits of a result depend on besides the inputs; part of every config digest. */
    public String profile() {
        return backend.profile() + "/" + precision;
    }

    /** What the base takes, and what may come on top. */
    public MemoryBudget memory() {
        return memory;
    }

    /** Longest prompt and answer together, in tokens: of what the base attends to, the settings allow and the pages hold. */
    public int maxSequenceTokens() {
        return maxSequenceTokens;
    }

    /**
     * Brings an adapter onto the device.
     *
     * @throws LivegraftException {@link ErrorCode#OVERLOADED} when it does not fit beside what is there,
     *     {@link ErrorCode#INVALID_MODEL} when a value is not finite and the base is quantized
     */
    public StagedAdapter stage(LoraAdapter adapter) {
        return staging(adapter).finish();
    }

    /** The same in slices ({@link FactorsWork}), so that decode steps fit in between; each of them may be refused. */
    public SlicedWork<StagedAdapter> staging(LoraAdapter adapter) {
        return new Staging(transformer.staging(adapter).map(StagedAdapter::new));
    }

    /** As below, sharing what is computed with nobody. */
    public Generation admit(int[] prompt, SamplingSettings sampling, Optional<StagedAdapter> adapter) {
        return admit(prompt, sampling, adapter, Optional.empty());
    }

    /**
     * Reserves a place for one request; it takes no pages yet.
     *
     * @param prompt token ids, at least one
     * @param key whose computed prompts it may reuse, and who may reuse its own
     * @throws LivegraftException {@link ErrorCode#CONTEXT_LENGTH_EXCEEDED} when the prompt leaves no room for an answer,
     *     {@link ErrorCode#OVERLOADED} when all places are taken, {@link ErrorCode#INVALID_REQUEST} when a bias names a token that the
     *     base does not have
     */
    public Generation admit(int[] prompt, SamplingSettings sampling, Optional<StagedAdapter> adapter, CacheKey key) {
        return admit(prompt, sampling, adapter, Optional.of(key));
    }

    private Generation admit(
            int[] prompt, SamplingSettings sampling, Optional<StagedAdapter> adapter, Optional<CacheKey> key) {
        if (prompt.length >= maxSequenceTokens) {
            throw new LivegraftException(
                    ErrorCode.CONTEXT_LENGTH_EXCEEDED,
                    "the prompt has %d tokens, but the base attends to %d including the answer"
                            .formatted(prompt.length, maxSequenceTokens));
        }
        if (admitted == settings.maxSequences()) {
            throw new LivegraftException(
                    ErrorCode.OVERLOADED, "all %d places for generations are taken".formatted(settings.maxSequences()));
        }
        refuseUnknownTokens(sampling);
        int[] own = prompt.clone();
        int most = maxSequenceTokens - own.length + 1;
        int capacity = (int) Math.min(maxSequenceTokens, own.length + (long) sampling.maxTokens());
        Answer answer =
                new Answer(sampling, tokenizer.decoderAfter(own), id -> word(own, id), config().eosTokenIds(), most);
        List<PrefixKey> shared = key.filter(_ -> settings.kvCache().prefixReuse())
                .map(whose -> PrefixKey.chain(whose, own, pool.pageTokens()))
                .orElse(List.of());
        admitted++;
        return new Generation(
                new FedTokens(own),
                sampling,
                adapter,
                key,
                answer,
                () -> new PromptScores(own, tokenizer.decoder(), answer::likeliest),
                new SequencePages(pool, prefixes, shared, capacity),
                () -> admitted--);
    }

    private void refuseUnknownTokens(SamplingSettings sampling) {
        int vocabulary = config().vocabSize();
        sampling.adjustment().bias().keySet().stream()
                .filter(token -> token >= vocabulary)
                .findFirst()
                .ifPresent(token -> {
                    throw new LivegraftException(
                            ErrorCode.INVALID_REQUEST,
                            "logit_bias names token %d, expected less than %d".formatted(token, vocabulary));
                });
    }

    /** What a token alone adds behind the prompt. */
    private String word(int[] prompt, int id) {
        TokenDecoder decoder = tokenizer.decoderAfter(Arrays.copyOfRange(prompt, prompt.length - 1, prompt.length));
        return decoder.push(id) + decoder.flush();
    }

    /** Room for keys and values, in pages. */
    public int pages() {
        return pool.pages();
    }

    /** Tokens that a page has room for. */
    public int pageTokens() {
        return pool.pageTokens();
    }

    /** Pages that can be taken: unused ones, and those that are kept for their contents alone. */
    public int freePages() {
        return pool.free();
    }

    /** Pages that have to be taken to feed so many more tokens. */
    public int pagesFor(Generation generation, int tokens) {
        return generation.pagesFor(tokens);
    }

    /**
     * Chunks of prompts, decode steps and what suspended generations feed again, in one pass over the base; none changes another's
     * bits.
     *
     * @param batch generations that are not finished, each once; the pages they need must be free
     * @return in the same order, what was drawn where a token was: everything that is known has been fed then
     */
    public List<Optional<GenerationDelta>> advance(List<Advance> batch) {
        if (batch.isEmpty()) {
            return List.of();
        }
        batch.forEach(each -> each.generation().begin());
        nextLogits.feed(batch.stream()
                .map(each -> each.generation().feed(each.tokens()))
                .toList());
        return batch.stream().map(each -> each.generation().fed(each.tokens())).toList();
    }

    /** One optimizer step of one adapter, in slices of at most {@code slice-tokens}. */
    public SlicedWork<StepResult> train(StepPlan plan) {
        return new AdapterTraining(backend, transformer, plan, settings.sliceTokens());
    }

    /** One optimizer step of each of several adapters, in slices that they share; the bits are those of {@link #train}. */
    public SlicedWork<List<StepResult>> trainTogether(List<StepPlan> plans) {
        return new TrainingCycle(backend, transformer, plans, settings.sliceTokens());
    }

    /** Mean negative log-likelihood per target token, in slices; without an adapter that of the base alone. */
    public SlicedWork<Double> evaluate(Optional<LoraAdapter> adapter, List<TrainingExample> examples) {
        return with(
                adapter, tensors -> new Evaluation(backend, transformer, tensors, examples, settings.sliceTokens()));
    }

    /** Log-probability of each example's targets, nats, in slices; without an adapter that of the base alone. */
    public SlicedWork<List<Double>> score(Optional<LoraAdapter> adapter, List<TrainingExample> examples) {
        return with(
                adapter, tensors -> new ExampleScores(backend, transformer, tensors, examples, settings.sliceTokens()));
    }

    /** The adapter is on the device while the work lasts. */
    private <T> SlicedWork<T> with(
            Optional<LoraAdapter> adapter, Function<Optional<AdapterTensors>, SlicedWork<T>> work) {
        if (adapter.isEmpty()) {
            return work.apply(Optional.empty());
        }
        return staging(adapter.get())
                .then(staged -> new StagedWork<>(work.apply(Optional.of(staged.tensors())), staged));
    }

    @Override
    public void close() {
        backend.close();
        tokenizer.close();
    }
}
