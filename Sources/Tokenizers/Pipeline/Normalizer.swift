/// Rewrites text in the form that the vocabulary was made with.
protocol Normalizer: Sendable {
    func normalize(_ text: ArraySlice<UInt8>) -> [UInt8]
    func add(to fingerprint: inout Fingerprint)
}
