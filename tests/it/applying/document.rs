//! The identity document: what it is, its bytes tell.

use super::world::{PDF, World, faults, identity, text};

#[tokio::test]
async fn only_a_pdf_a_jpeg_or_a_png_is_taken() {
    let world = World::new().await;
    #[track_caller]
    fn is_told(page: &str, words: &str) {
        let told = text(page, "faute-piece");
        assert!(told.contains(words), "{told}");
    }
    let jpeg: &[u8] = include_bytes!("../../pieces/piece.jpg");
    let png: &[u8] = include_bytes!("../../pieces/piece.png");
    for (number, bytes) in (1..).zip([PDF, jpeg, png]) {
        let who = world.arrives(identity("CARBONNEL", number)).await;
        // Its name and its announced type are not looked at.
        let file = Some(("piece.exe", "application/x-msdownload", bytes));
        world.identity(&who, &[("civilite", "MME")], file).await.is(303);
    }
    let too_heavy = [PDF, &vec![b'x'; 4 << 20]].concat();
    let with_script = String::from_utf8_lossy(PDF).replace("/Pages 2", "/OpenAction 9 0 R/Pages 2");
    let locked = String::from_utf8_lossy(PDF).replace("/Root", "/Encrypt 9 0 R/Root");
    let hostile: [(&str, &str, &[u8], &str); 10] = [
        ("piece.pdf", "application/pdf", b"MZ\x90\0", "Format non accepté"),
        ("piece.png", "image/png", b"<svg onload=\"alert(1)\"/>", "Format non accepté"),
        ("piece.jpg", "image/jpeg", b"GIF89a", "Format non accepté"),
        ("piece.pdf", "application/pdf", b"\n%PDF-1.4", "Format non accepté"),
        ("../../piece.pdf", "application/pdf", b"PK\x03\x04", "Format non accepté"),
        ("piece.pdf", "application/pdf", &too_heavy, "4 Mo au plus"),
        ("piece.png", "image/png", &png[..png.len() / 2], "Pièce illisible"),
        ("piece.pdf", "application/pdf", b"%PDF-1.4\n", "Pièce illisible"),
        ("piece.pdf", "application/pdf", with_script.as_bytes(), "autre chose que des pages"),
        ("piece.pdf", "application/pdf", locked.as_bytes(), "sans mot de passe"),
    ];
    let who = world.arrives(identity("CARBONNEL", 10)).await;
    for (name, media, bytes, words) in hostile {
        let fields = [("civilite", "MME"), ("nom_usage", "Perrin")];
        let answer = world.identity(&who, &fields, Some((name, media, bytes))).await.is(422);
        assert_eq!(faults(&answer), ["piece"]);
        is_told(&answer.text, words);
        assert_eq!(super::world::value(&answer.text, "nom_usage"), "Perrin");
    }
    let far_too_heavy = vec![b'x'; 33 << 20];
    let file = Some(("piece.pdf", "application/pdf", far_too_heavy.as_slice()));
    let answer = world.identity(&who, &[("civilite", "MME")], file).await.is(413);
    assert!(answer.text.contains("data-code=\"piece_trop_lourde\""));
}

#[tokio::test]
async fn a_sound_document_is_kept_while_the_rest_is_corrected() {
    let world = World::new().await;
    let who = world.arrives(identity("CARBONNEL", 1)).await;
    let file = Some(("piece.pdf", "application/pdf", PDF));
    let answer = world.identity(&who, &[], file).await.is(422);
    assert_eq!(faults(&answer), ["civilite"]);
    assert!(text(&answer.text, "aide-piece").starts_with("Une pièce est jointe (PDF)"));
    world.identity(&who, &[("civilite", "MME")], None).await.is(303);
    // A bad one takes nothing away.
    let bad = Some(("piece.pdf", "application/pdf", &b"MZ"[..]));
    let answer = world.identity(&who, &[("civilite", "MME")], bad).await.is(422);
    assert_eq!(faults(&answer), ["piece"]);
    world.identity(&who, &[("civilite", "MME")], None).await.is(303);
}

#[tokio::test]
async fn what_is_no_form_is_refused_in_words() {
    let world = World::new().await;
    let who = world.arrives(identity("CARBONNEL", 1)).await;
    let plain = world.form(&who, "identite", &[("civilite", "MME".to_owned())]).await.is(400);
    assert!(plain.text.contains("data-code=\"requete_invalide\""));
    let twice = [("civilite", "MME"), ("civilite", "M")];
    world.identity(&who, &twice, None).await.is(400);
    let long = "x".repeat(5 << 10);
    world.identity(&who, &[("civilite", &long)], None).await.is(400);
}
