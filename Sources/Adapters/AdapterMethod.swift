package import Encoders

/// A way to adapt a frozen encoder: which numbers are trained, and what they do at which site.
///
/// A method is one file in `Methods/` and its name in ``AdapterTable``. It is decoded from a study's `adapter`
/// section (its own keys beside `method`; unknown keys are errors), and encoded back with every default filled in.
package protocol AdapterMethod: Sendable, Codable {
    /// The name in studies and adapter files.
    static var name: String { get }
    /// Where the method was published.
    static var source: String { get }
    /// What it does, in one line.
    static var summary: String { get }
    /// The keys of its settings, in the order to explain them.
    static var settings: [MethodSetting] { get }

    /// The tensors that are trained on this backbone, in a fixed order, with their values at start.
    ///
    /// Unless ``isIdentityAtStart`` says otherwise, the encoder's outputs at start are the frozen backbone's. Random
    /// starts are functions of the seed.
    func slices(on weights: EncoderWeights, seed: UInt64) throws -> [ParameterSlice]

    /// Connects the method to parameters whose layout begins with ``slices(on:seed:)``.
    ///
    /// Gradients are added; without them nothing is kept for backward.
    func adaptation(_ parameters: BoundParameters, on weights: EncoderWeights) -> any EncoderAdaptation

    /// Whether the encoder's outputs before the first update are the frozen backbone's.
    var isIdentityAtStart: Bool { get }

    /// Whether the trained tensors can be folded into the backbone's.
    var mergeability: Mergeability { get }

    /// The linear maps whose W or b merging changes; a stack merges where no two of its methods name the same.
    var mergedMaps: Set<Site> { get }

    /// The linear maps whose W it puts another in the place of; no two methods of a stack may name the same.
    var replacedMaps: Set<Site> { get }

    /// Folds the parameters into a copy of the backbone, which then computes what the adapted encoder does.
    ///
    /// Only called where ``mergeability`` is exact; tensors that merely stand in for the backbone's are there already.
    func merge(_ parameters: BoundParameters, into merged: MergedWeights)

    /// Floating-point operations that the method adds to the forward for each token of a sequence of `tokens`.
    ///
    /// A multiplication with its addition counts as two. Tensors that merely stand in for frozen ones add none.
    func addedOperations(on weights: EncoderWeights, tokens: Int) throws -> Double

    /// A term of the loss that depends on the parameters alone, times `factor`; adds its gradient, likewise multiplied.
    func penalty(_ parameters: BoundParameters, times factor: Double) -> Double

    /// Files that it reads beside the backbone's: a result depends on their bytes.
    var filesOfOtherRuns: [String] { get }

    /// How the tensors that are ``ParameterSlice/isPrunable`` are thinned out before they are trained; nil for not at all.
    var pruning: Pruning? { get }

    /// The same method with a bottleneck or rank so many times as wide; nil where it has none.
    func widened(by factor: Int) -> (any AdapterMethod)?
}

extension AdapterMethod {
    package var isIdentityAtStart: Bool { true }
    package var mergedMaps: Set<Site> { [] }
    package var replacedMaps: Set<Site> { [] }
    package func merge(_ parameters: BoundParameters, into merged: MergedWeights) {}
    package func penalty(_ parameters: BoundParameters, times factor: Double) -> Double { 0 }
    package var filesOfOtherRuns: [String] { [] }
    package var pruning: Pruning? { nil }
    package func widened(by factor: Int) -> (any AdapterMethod)? { nil }
}

extension AdapterMethod {
    /// A copy of the backbone with the parameters folded in, which computes what the adapted encoder does.
    ///
    /// The method's ``mergeability`` must be exact.
    package func merged(_ parameters: BoundParameters, into weights: EncoderWeights) -> MergedWeights {
        let merged = MergedWeights(copying: weights)
        RetrainedBackbone.merge(parameters, into: merged)
        merge(parameters, into: merged)
        return merged
    }
}

/// Whether a method's parameters can be folded into the backbone, so that the adapted model is a plain one.
package enum Mergeability: Sendable, Equatable {
    /// Merged and unmerged outputs agree but for rounding.
    case exact
    /// They can't be folded, for this reason.
    case never(String)
}

/// A key of a method's section in a study, as `hadamesh methods` explains it.
package struct MethodSetting: Sendable {
    /// The key.
    package let key: String
    /// The values that it may have.
    package let allowed: String
    /// What it decides.
    package let meaning: String
    /// A list that could stand there, where the key must be given; nil where it has a default.
    package let example: [String]?

    /// Describes a key.
    package init(_ key: String, _ allowed: String, _ meaning: String, example: [String]? = nil) {
        self.key = key
        self.allowed = allowed
        self.meaning = meaning
        self.example = example
    }

    /// The key that most methods have.
    package static let layers = MethodSetting(
        "layers", "all, 4-11, 0,2,5", "the layers that have it, counted from 0")
}
