//! An identity card that nobody carries, as a phone would photograph it.

use tempfile::{Builder, NamedTempFile};

use super::chromium::Chromium;

/// Its width, as a browser tells it.
pub(crate) const WIDTH: &str = "360";

const CARD: &str = "data:text/html;charset=utf-8,<html lang=fr><title>Carte</title>\
    <body style='margin:0'><div id=carte style='width:360px;height:225px;padding:15px;\
    box-sizing:border-box;background:linear-gradient(135deg,%23dfe9f5,%23f6efe2);\
    font:16px/1.6 sans-serif;color:%231f2a30'><b>CARTE D%27IDENTITÉ – SPÉCIMEN</b>\
    <div style='float:left;width:90px;height:115px;margin:15px 15px 0 0;background:%23a9b5b9'></div>\
    <p>DOCUMENT INVENTÉ<br>pour la démonstration<br>N° 000 000 000 000</p></div>";

/// Draws the card in `browser` and keeps the picture in a file.
pub(crate) async fn identity_card(browser: &Chromium) -> NamedTempFile {
    browser.goto(CARD).await;
    let picture = browser.the("carte").await.screenshot_as_png().await.unwrap();
    let file = Builder::new().suffix(".png").tempfile().unwrap();
    std::fs::write(file.path(), picture).unwrap();
    file
}
