@main
struct Hadamesh {
    static func main() {}
}
