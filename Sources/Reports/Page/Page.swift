/// A self-contained page: no script, and nothing that a browser would request.
struct Page {
    let title: String
    let blocks: [PageBlock]

    var html: String {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <link rel="icon" href="data:,">
        <title>\(escaped(title))</title>
        <style>
        \(PageStyle.css)
        </style>
        </head>
        <body>
        <main>
        <h1>\(escaped(title))</h1>
        \(blocks.map(\.html).joined(separator: "\n"))
        </main>
        </body>
        </html>

        """
    }
}
