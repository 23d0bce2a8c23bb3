import Encoders
import Kernels

/// v of one layer, with the layer's (a, c) or that of all layers.
struct TokenShift {
    let v, a, c: BoundTensor

    static let v = TensorName(AdapterBias.name, "shift.bias")
    static func a(_ layer: Int?) -> TensorName { TensorName(AdapterBias.name, layer: layer, "alpha.weight") }
    static func c(_ layer: Int?) -> TensorName { TensorName(AdapterBias.name, layer: layer, "alpha.bias") }

    static func byLayer(_ parameters: BoundParameters, in layers: LayerSet = .all) -> [Int: TokenShift] {
        var found: [Int: TokenShift] = [:]
        for (layer, v) in parameters.byLayer(v, in: layers) {
            if let a = parameters[a(layer)] ?? parameters[a(nil)],
                let c = parameters[c(layer)] ?? parameters[c(nil)]
            {
                found[layer] = TokenShift(v: v, a: a, c: c)
            }
        }
        return found
    }

    /// α [T] of u [T, f].
    func weigh(_ u: Matrix, into alpha: UnsafeMutablePointer<Float>) {
        tokenScalars(of: u, a.value, plus: c.value[0], into: alpha)
    }
}
