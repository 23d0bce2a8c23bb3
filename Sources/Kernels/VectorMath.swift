// tanh on eight lanes, in plain arithmetic, for functions without a loop in CKernels: the rational
// approximation of Eigen and XNNPACK (relative error 3.1e-7). KernelsTests measures the error against libm.

typealias Lanes = SIMD8<Float>

/// The number of floats in ``Lanes``.
let laneCount = 8

extension UnsafePointer<Float> {
    /// Eight floats from `offset`, of any alignment.
    @inline(__always) func lanes(at offset: Int) -> Lanes {
        UnsafeRawPointer(self + offset).loadUnaligned(as: Lanes.self)
    }

    /// Fewer than eight floats from `offset`; the other lanes hold `filler`.
    @inline(__always) func lanes(at offset: Int, count: Int, filler: Float = 0) -> Lanes {
        var lanes = Lanes(repeating: filler)
        for lane in 0..<count { lanes[lane] = self[offset + lane] }
        return lanes
    }
}

extension UnsafeMutablePointer<Float> {
    /// Eight floats from `offset`, of any alignment.
    @inline(__always) func lanes(at offset: Int) -> Lanes { UnsafePointer(self).lanes(at: offset) }

    /// Fewer than eight floats from `offset`; the other lanes hold `filler`.
    @inline(__always) func lanes(at offset: Int, count: Int, filler: Float = 0) -> Lanes {
        UnsafePointer(self).lanes(at: offset, count: count, filler: filler)
    }

    /// Writes eight floats from `offset`.
    @inline(__always) func store(_ lanes: Lanes, at offset: Int) {
        UnsafeMutableRawPointer(self + offset).storeBytes(of: lanes, as: Lanes.self)
    }

    /// Writes the first `count` lanes from `offset`.
    @inline(__always) func store(_ lanes: Lanes, at offset: Int, count: Int) {
        for lane in 0..<count { self[offset + lane] = lanes[lane] }
    }
}

extension SIMD8<Float> {
    /// The sum of the lanes, always in the same order.
    @inline(__always) var total: Float {
        let four = lowHalf + highHalf
        let two = four.lowHalf + four.highHalf
        return two.x + two.y
    }

    /// Clamps every lane to a range.
    ///
    /// `pointwiseMin` and `pointwiseMax` would be compiled lane by lane.
    @inline(__always) func limited(_ lower: Float, _ upper: Float) -> Self {
        var lanes = self
        lanes.replace(with: Self(repeating: lower), where: lanes .< lower)
        lanes.replace(with: Self(repeating: upper), where: lanes .> upper)
        return lanes
    }
}

/// tanh x.
@inline(__always) func hyperbolicTangent(_ argument: Lanes) -> Lanes {
    let x = argument.limited(-9, 9)
    let s = x * x
    var p = Lanes(repeating: -2.76076847742355e-16)
    p = p * s + 2.00018790482477e-13
    p = p * s + -8.60467152213735e-11
    p = p * s + 5.12229709037114e-08
    p = p * s + 1.48572235717979e-05
    p = p * s + 6.37261928875436e-04
    p = p * s + 4.89352455891786e-03
    var q = Lanes(repeating: 1.19825839466702e-06)
    q = q * s + 1.18534705686654e-04
    q = q * s + 2.26843463243900e-03
    q = q * s + 4.89352518554385e-03
    return x * p / q
}
