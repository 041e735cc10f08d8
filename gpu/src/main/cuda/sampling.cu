// Drawing tokens from logits (N,V), a block of 1,024 threads a row, to the ids of HostSampling, where the formula is. e^x is
// Exponential's arithmetic; masses are whole numbers, so that atomic additions have one result in any order.
//
// Sums over falling logits: logits go into 1,024 bins by their distance from the largest one; of the bin that a sum passes its
// bound in, logits are ranked among each other, behind further bins by their order's bits where they are more than threads.
#include "row.cuh"

using Mass = unsigned long long;

constexpr int threads = 1024;
constexpr int bins = threads;
constexpr int bin_bits = 10;

struct Row {
    const float* logits;
    int columns;
    float max;
    float scale;
};

DEVICE float exponential(float x) {
    float shifted = x * 1.442695f + 12582912.0f;
    float n = shifted - 12582912.0f;
    float r = (x - n * 0.6933594f) - n * -0.00021219444f;
    float p = r * 0.00019875691f + 0.0013981999f;
    p = p * r + 0.008333452f;
    p = p * r + 0.041665796f;
    p = p * r + 0.16666666f;
    p = p * r + 0.5f;
    float power = float_of_bits((bits_of_float(shifted) + 127u - bits_of_float(12582912.0f)) << 23);
    return (p * (r * r) + r + 1.0f) * power;
}

// Scaled, at most 0.
DEVICE float distance(const Row& row, float logit) { return (logit - row.max) * row.scale; }
DEVICE Mass mass_at(float distance) { return Mass(exponential(fmaxf(distance, -87.0f)) * 1099511627776.0f); }
DEVICE Mass mass_of(const Row& row, int id) { return mass_at(distance(row, row.logits[id])); }

// The last bin begins where masses have ended, and is never summed.
DEVICE int bin_at(float distance) { return int(fminf(distance * -32.0f, float(bins - 1))); }

// Rises as the logit falls, then with the id.
DEVICE Mass key_of(float logit, int id) {
    unsigned bits = bits_of_float(-logit);
    return Mass(bits >> 31 ? ~bits : bits | 0x80000000u) << 32 | unsigned(id);
}

// Where a sum, of masses or of counts, is within the bound without the bin and beyond it with. (Structs of shared memory have no
// gaps: nvcc says so in words that older versions of PTX lack.)
struct Bin {
    Mass mass_before;
    Mass count_before;
    int index;  // -1: the whole row is within
    unsigned count;
};

DEVICE Bin bin_beyond(const Mass* masses, const unsigned* counts, bool counted, Mass bound) {
    SHARED(Mass, mass_of_warp, 32);
    SHARED(unsigned, count_of_warp, 32);
    SHARED(Bin, found, 1);
    Mass mass = masses[threadIdx.x], mass_through = mass;
    unsigned count = counts[threadIdx.x], count_through = count;
    for (int lanes = 1; lanes < 32; lanes *= 2) {
        int lane = lane_id() >= lanes ? lane_id() - lanes : 0;
        Mass masses_left = shuffle(mass_through, lane);
        unsigned counts_left = shuffle(count_through, lane);
        mass_through += lane_id() >= lanes ? masses_left : 0;
        count_through += lane_id() >= lanes ? counts_left : 0;
    }
    sync_block();
    if (threadIdx.x == 0) {
        found[0].index = -1;
    }
    if (lane_id() == 31) {
        mass_of_warp[warp_id()] = mass_through;
        count_of_warp[warp_id()] = count_through;
    }
    sync_block();
    for (int warp = 0; warp < warp_id(); warp++) {
        mass_through += mass_of_warp[warp];
        count_through += count_of_warp[warp];
    }
    Mass through = counted ? count_through : mass_through;
    Mass own = counted ? count : mass;
    if (through > bound && through - own <= bound) {
        found[0] = {mass_through - mass, count_through - count, int(threadIdx.x), count};
    }
    sync_block();
    return found[0];
}

DEVICE void fill_bins(const Row& row, Mass* masses, unsigned* counts) {
    masses[threadIdx.x] = 0;
    counts[threadIdx.x] = 0;
    sync_block();
    for (int id = int(threadIdx.x); id < row.columns; id += threads) {
        float x = distance(row, row.logits[id]);
        int bin = bin_at(x);
        if (bin < bins - 1) {
            add_atomically(masses + bin, mass_at(x));
            add_atomically(counts + bin, 1u);
        }
    }
    sync_block();
}

// Logits of a bin, of which those with this prefix: the keys' bits from `shift` on.
struct Part {
    int bin;
    int shift;
    Mass prefix;
};
DEVICE bool is_in(const Part& part, const Row& row, float logit, int id) {
    return bin_at(distance(row, logit)) == part.bin && (part.shift == 64 || key_of(logit, id) >> part.shift == part.prefix);
}

struct Shared {
    Mass* masses;      // of the bins, and counts
    unsigned* counts;
    Mass* sums;        // of a bin's own bins, or masses of its logits
    Mass* keys;        // of its logits, or counts of its own bins
};

struct Found {
    Mass mass;     // up to it, its own too
    long long id;  // -1: the whole row is within the bound
};

// The first logit in the order of keys with which the sum, of masses or of counts, is above the bound; the same in every thread.
DEVICE Found first_beyond(const Row& row, const Shared& shared, bool counted, Mass bound) {
    SHARED(Found, found, 1);
    SHARED(unsigned, gathered, 1);
    Bin bin = bin_beyond(shared.masses, shared.counts, counted, bound);
    if (bin.index < 0) {
        return {0, -1};
    }
    Part part{bin.index, 64, 0};
    Mass before = bin.mass_before;
    Mass rest = bound - (counted ? bin.count_before : bin.mass_before);
    unsigned* counts = reinterpret_cast<unsigned*>(shared.keys);
    while (bin.count > unsigned(threads)) {
        int bits = part.shift < bin_bits ? part.shift : bin_bits;
        shared.sums[threadIdx.x] = 0;
        counts[threadIdx.x] = 0;
        sync_block();
        for (int id = int(threadIdx.x); id < row.columns; id += threads) {
            float logit = row.logits[id];
            if (is_in(part, row, logit, id)) {
                int place = int(key_of(logit, id) >> (part.shift - bits) & ((1u << bits) - 1));
                add_atomically(shared.sums + place, mass_of(row, id));
                add_atomically(counts + place, 1u);
            }
        }
        sync_block();
        bin = bin_beyond(shared.sums, counts, counted, rest);
        part = {part.bin, part.shift - bits, part.shift == 64 ? Mass(bin.index) : part.prefix << bits | Mass(bin.index)};
        before += bin.mass_before;
        rest -= counted ? bin.count_before : bin.mass_before;
    }
    if (threadIdx.x == 0) {
        gathered[0] = 0;
    }
    sync_block();
    for (int id = int(threadIdx.x); id < row.columns; id += threads) {
        float logit = row.logits[id];
        if (is_in(part, row, logit, id)) {
            unsigned place = add_atomically(gathered, 1u);
            shared.keys[place] = key_of(logit, id);
            shared.sums[place] = mass_of(row, id);
        }
    }
    sync_block();
    if (threadIdx.x < bin.count) {
        Mass key = shared.keys[threadIdx.x], mass = 0, count = 0;
        for (unsigned other = 0; other < bin.count; other++) {
            bool within = shared.keys[other] <= key;
            mass += within ? shared.sums[other] : 0;
            count += within ? 1 : 0;
        }
        Mass through = counted ? count : mass;
        Mass own = counted ? 1 : shared.sums[threadIdx.x];
        if (through > rest && through - own <= rest) {
            found[0] = {before + mass, static_cast<long long>(key & 0xFFFFFFFFu)};
        }
    }
    sync_block();
    return found[0];
}

DEVICE Mass block_sum_of(Mass value) {
    SHARED(Mass, of_warp, 32);
    for (int lanes = 16; lanes > 0; lanes /= 2) {
        value += shuffle_xor(value, lanes);
    }
    sync_block();
    of_warp[warp_id()] = value;
    sync_block();
    Mass sum = 0;
    for (int warp = 0; warp < threads / 32; warp++) {
        sum += of_warp[warp];
    }
    return sum;
}

DEVICE Mass target_of(double point, Mass total) {
    Mass target = Mass(point * double(total));
    return target < total ? target : total - 1;
}

// Among what is kept by top-k and top-p, in the order of keys; -1 where nothing has a mass.
DEVICE int draw_among_likeliest(const Row& row, const Shared& shared, int top_k, double top_p, double point) {
    fill_bins(row, shared.masses, shared.counts);
    Mass kept = block_sum_of(shared.masses[threadIdx.x]);
    if (kept == 0) {
        return -1;
    }
    if (top_k > 0 && top_k < row.columns) {
        Found last = first_beyond(row, shared, true, Mass(top_k) - 1);
        kept = last.id < 0 ? kept : last.mass;
    }
    if (top_p < 1) {
        Mass reach = Mass(ceil(top_p * double(kept)));
        reach = reach < 1 ? 1 : reach > kept ? kept : reach;
        kept = first_beyond(row, shared, false, reach - 1).mass;
    }
    return int(first_beyond(row, shared, false, target_of(point, kept)).id);
}

// Among all, in the order of ids: each warp sums a piece, and the one that the sum passes its bound in is parted again.
DEVICE int draw_among_all(const Row& row, double point) {
    SHARED(Mass, of_warp, 32);
    int begin = 0, length = row.columns;
    Mass target = 0;
    do {
        int piece = (length + 31) / 32;
        int first = begin + warp_id() * piece;
        int end = first + piece < begin + length ? first + piece : begin + length;
        Mass mass = 0;
        for (int id = first + lane_id(); id < end; id += 32) {
            mass += mass_of(row, id);
        }
        for (int lanes = 16; lanes > 0; lanes /= 2) {
            mass += shuffle_xor(mass, lanes);
        }
        sync_block();
        of_warp[warp_id()] = mass;
        sync_block();
        if (length == row.columns) {
            Mass total = 0;
            for (int warp = 0; warp < threads / 32; warp++) {
                total += of_warp[warp];
            }
            if (total == 0) {
                return -1;
            }
            target = target_of(point, total);
        }
        int warp = 0;
        for (; target >= of_warp[warp]; warp++) {
            target -= of_warp[warp];
        }
        begin += warp * piece;
        length = piece < length - warp * piece ? piece : length - warp * piece;
    } while (length > 1);
    return begin;
}

// A draw has five whole numbers (row, top-k, bits of the scale, where its adjustments begin and end) and two chances (top-p,
// point); an adjustment has three: an id, bits of two terms. Scale 0 takes the largest. saved has room for every adjustment.
BOUNDED_KERNEL(threads, 1, draw_token, int* ids, float* values, float* logits, float* saved, const int* draws,
               const double* chances, const int* adjustments, int columns) {
    SHARED(Mass, masses, bins);
    SHARED(unsigned, counts, bins);
    SHARED(Mass, sums, threads);
    SHARED(Mass, keys, threads);
    const int* draw = draws + 5 * blockIdx.x;
    float* row = logits + static_cast<long long>(draw[0]) * columns;
    for (int i = draw[3] + int(threadIdx.x); i < draw[4]; i += threads) {
        float* logit = row + adjustments[3 * i];
        saved[i] = *logit;
        *logit = (*logit + float_of_bits(unsigned(adjustments[3 * i + 1]))) + float_of_bits(unsigned(adjustments[3 * i + 2]));
    }
    sync_block();
    Largest largest = block_largest(row, columns);
    Row of{row, columns, largest.value, float_of_bits(unsigned(draw[2]))};
    int top_k = draw[1];
    double top_p = chances[2 * blockIdx.x], point = chances[2 * blockIdx.x + 1];
    int id = -1;
    if (of.scale > 0) {
        bool some = top_p < 1 || (top_k > 0 && top_k < columns);
        id = some ? draw_among_likeliest(of, {masses, counts, sums, keys}, top_k, top_p, point) : draw_among_all(of, point);
    }
    sync_block();
    for (int i = draw[3] + int(threadIdx.x); i < draw[4]; i += threads) {
        row[adjustments[3 * i]] = saved[i];
    }
    sync_block();
    if (threadIdx.x == 0) {
        ids[blockIdx.x] = id < 0 ? largest.id : id;
        values[blockIdx.x] = row[ids[blockIdx.x]];
    }
}
