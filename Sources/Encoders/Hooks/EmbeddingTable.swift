/// A table of the embeddings: the first three are summed for each token, the last is read by pairs of tokens.
package enum EmbeddingTable: String, Sendable, CaseIterable { case words, positions, segments, distances }
