//! Documents made on the spot, harmless ones and others.

use std::io::Write as _;

/// A document whose pages all show `content`, a content stream.
pub fn pdf(content: &[u8], pages: usize) -> Vec<u8> {
    let mut packer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(content).unwrap();
    let packed = packer.finish().unwrap();
    let first_page = 5;
    let kids: String = (0..pages).map(|page| format!("{} 0 R ", first_page + page)).collect();
    let mut objects = vec![
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        format!("<< /Type /Pages /Kids [{kids}] /Count {pages} >>").into_bytes(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_vec(),
        [format!("<< /Length {} /Filter /FlateDecode >>\nstream\n", packed.len()).as_bytes(), &packed, b"\nendstream"]
            .concat(),
    ];
    let page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 3 0 R >> >> >>";
    objects.resize(objects.len() + pages, page.to_vec());
    let mut out = b"%PDF-1.4\n".to_vec();
    let mut places = Vec::new();
    for (at, object) in objects.iter().enumerate() {
        places.push(out.len());
        out.extend_from_slice(format!("{} 0 obj\n", at + 1).as_bytes());
        out.extend_from_slice(object);
        out.extend_from_slice(b"\nendobj\n");
    }
    let start = out.len();
    out.extend_from_slice(format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1).as_bytes());
    for place in places {
        out.extend_from_slice(format!("{place:010} 00000 n \n").as_bytes());
    }
    let size = objects.len() + 1;
    out.extend_from_slice(format!("trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n").as_bytes());
    out
}

/// A page that says `text`.
pub fn saying(text: &str) -> Vec<u8> {
    pdf(format!("BT /F1 12 Tf 72 700 Td ({text}) Tj ET").as_bytes(), 1)
}

/// Hardly any bytes that unpack to far more than the reader may have.
pub fn bomb() -> Vec<u8> {
    pdf(&b"q\n".repeat(20 << 20), 1)
}

/// Very many pages with very much to do and nothing to say.
pub fn toil() -> Vec<u8> {
    pdf(&b"q 1 0 0 1 0 0 cm Q\n".repeat(4000), 900)
}
