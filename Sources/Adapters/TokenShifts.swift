package import Encoders
package import Kernels

/// Watches how much of its layer's shift AdapterBias gives to each token, and changes nothing.
///
/// α is a function of the feed-forward activation, which this reads where the shift is added. Stack it behind the adaptation
/// whose encoder is watched.
package final class TokenShifts: EncoderAdaptation {
    /// α [T] of the last forward, by layer.
    package private(set) var values: [Int: [Float]] = [:]
    private let shifts: [Int: AdapterBias.Shift]

    /// Watches the shifts among the parameters; nil where there are none.
    package init?(_ parameters: BoundParameters) {
        shifts = AdapterBias.Shift.byLayer(parameters)
        if shifts.isEmpty { return nil }
    }

    /// Whether a method, or one of a stack, shifts tokens.
    package static func exist(in method: any AdapterMethod) -> Bool {
        (method as? Stack)?.methods.contains(where: exist) ?? (method is AdapterBias)
    }

    package var lowestTrained: Place? { nil }

    package func acts(at place: Place) -> Bool {
        place.site == .feedForwardResidual && shifts[place.layer] != nil
    }

    package func forward(
        _ y: Matrix, source u: Matrix, at place: Place, _ batch: PackedBatch, _ workspace: Workspace
    ) {
        guard let shift = shifts[place.layer] else { return }
        let mark = workspace.mark
        let alpha = workspace.floats(u.rows)
        shift.weigh(u, into: alpha)
        values[place.layer] = Array(UnsafeBufferPointer(start: alpha, count: u.rows))
        workspace.release(to: mark)
    }
}
