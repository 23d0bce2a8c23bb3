/// One task's share of a block's gradient: numbers times a factor.
struct GradientShare {
    let task: Int
    let values: UnsafePointer<Float>
    let factor: Float
}
