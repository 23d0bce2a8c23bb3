public import Encoders

/// A way to adapt a frozen encoder: which numbers are trained, and what they do at which site.
///
/// A method is one file in `Methods/` and its name in ``AdapterTable``. It is decoded from a study's `adapter`
/// section (its own keys beside `method`; unknown keys are errors), and encoded back with every default filled in.
public protocol AdapterMethod: Sendable, Codable {
    /// The name in studies and adapter files.
    static var name: String { get }
    /// Where the method was published.
    static var source: String { get }

    /// The tensors that are trained on this backbone, in a fixed order, with their values at start.
    ///
    /// Unless the method's file says otherwise, the encoder's outputs at start are the frozen backbone's.
    func slices(on weights: EncoderWeights) throws -> [ParameterSlice]

    /// Connects the method to a vector of parameters laid out as `layout`, which begins with ``slices(on:)``.
    ///
    /// Gradients are added to `gradient`; without one nothing is kept for backward. The vectors must outlive the result.
    func adaptation(
        _ layout: ParameterLayout, values: UnsafePointer<Float>, gradient: UnsafeMutablePointer<Float>?
    ) -> any EncoderAdaptation
}
