package import Encoders
package import Kernels

/// Records α, AdapterBias's factor of the shift for each token, and changes nothing.
///
/// α is a function of the feed-forward activation, which is the source at the site where the shift is added.
/// Stack these hooks after those of the method.
package final class TokenShifts: EncoderAdaptation {
    /// α [T] of the last forward, by layer.
    package private(set) var values: [Int: [Float]] = [:]
    private let shifts: [Int: TokenShift]

    /// Nil if there are no shifts among the parameters.
    package init?(_ parameters: BoundParameters) {
        shifts = TokenShift.byLayer(parameters)
        if shifts.isEmpty { return nil }
    }

    /// Whether a method, or one that it is composed of, shifts tokens.
    package static func exist(in method: any AdapterMethod) -> Bool {
        !method.members(AdapterBias.self).isEmpty
    }

    package var lowestTrained: LayerSite? { nil }

    package func acts(at place: LayerSite) -> Bool {
        place.site == .feedForwardResidual && shifts[place.layer] != nil
    }

    package func forward(
        _ y: Matrix, source u: Matrix, at place: LayerSite, _ batch: PackedBatch, _ workspace: Workspace
    ) {
        guard let shift = shifts[place.layer] else { return }
        let mark = workspace.mark
        let alpha = workspace.floats(u.rows)
        shift.weigh(u, into: alpha)
        values[place.layer] = Array(UnsafeBufferPointer(start: alpha, count: u.rows))
        workspace.release(to: mark)
    }
}
