// What all attention kernels share.
//
//   out[i,h] = sum over j of p[j] v[j, h G/H]      p = softmax over j of (q[i,h] . k[j, h G/H] / sqrt(D))
//   position(i) - window < j <= position(i)        (Vaswani et al., arXiv 1706.03762, equation 1)
//
// A block serves one key-value head g of one sequence. Its rows are pairs of a query and a head of g's group, packed query by
// query: packed row r is query r / group and head g group + r % group, so that all that share keys share a block. A row's keys
// come in blocks at fixed positions and its softmax goes with them (Milakov and Gimelshein, arXiv 1805.02867; Dao, arXiv
// 2307.08691, algorithm 1): a block that a row doesn't see changes no bit of it, and nothing else does that lies beside it.
#pragma once
#include "row.cuh"

// One line of the table of sequences, in device memory; strides in elements.
struct Sequence {
    long long row;           // of queries and results, the first
    long long rows;          // queries
    long long position;      // of the first query
    long long keys, values;  // addresses of layer 0, head 0, position 0 of page 0
    long long position_stride, head_stride, layer_stride;
    long long pages;  // address of its pages' numbers (int); none: all is page 0
    long long page_stride, page_shift;
};

DEVICE const Sequence& sequence_of(const long long* table, int index) {
    return reinterpret_cast<const Sequence*>(table)[index];
}

template <typename T>
DEVICE const T* head_of(long long address, const Sequence& sequence, int layer, int head) {
    return reinterpret_cast<const T*>(address) + layer * sequence.layer_stride + head * sequence.head_stride;
}

// Where the positions of a head from key on lie that are in its page, stride apart: a page has whole blocks of 64.
template <typename T>
DEVICE const T* rows_from(const T* head, const Sequence& sequence, int key, long long stride) {
    if (sequence.pages != 0) {
        int shift = int(sequence.page_shift);
        head += reinterpret_cast<const int*>(sequence.pages)[key >> shift] * sequence.page_stride;
        key &= (1 << shift) - 1;
    }
    return head + key * stride;
}

// Where D values of a packed row lie in q (N, H D) and in the results.
DEVICE long long offset_of(const Sequence& sequence, int packed, int group, int head, int dim, int kv_heads) {
    int heads = group * kv_heads;
    return ((sequence.row + packed / group) * heads + head * group + packed % group) * dim;
}

// The first key that a query at this position sees.
DEVICE int first_seen(int position, int window) { return position < window ? 0 : position - window + 1; }

DEVICE bool sees(int position, int window, int key) { return key <= position && position - key < window; }
