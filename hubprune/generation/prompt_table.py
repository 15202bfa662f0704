"""The prompts that models continue: the same five beginnings in each language, so that samples can be set side by side.

A morning in a shop, a river, a fact to explain, the beginning of a tale, a recipe. They were written for hubprune and
stop where a sentence is still open, without a space behind it.
"""

from __future__ import annotations

from hubprune.languages import resolve

PROMPTS: dict[str, tuple[str, ...]] = {
    "ar": (
        "تفتح أمي كل صباح دكانها الصغير في شارعنا. أول الزبائن",
        "النهر خلف قريتنا هادئ معظم أيام السنة. وعندما ينزل المطر",
        "يتساءل كثير من الناس لماذا يتغير شكل القمر. والسبب هو أن",
        "كان يا ما كان، كان هناك صياد عجوز يعيش وحده قرب البحر. وفي ليلة من الليالي، وسط العاصفة،",
        "لتحضير حساء خضار لذيذ، نغسل الخضار ونقطعها أولا. ثم",
    ),
    "bn": (
        "আমার মা প্রতিদিন সকালে আমাদের রাস্তার ছোট দোকানটি খোলেন। প্রথম ক্রেতারা",
        "আমাদের গ্রামের পেছনের নদীটি বছরের বেশিরভাগ সময় শান্ত থাকে। যখন বৃষ্টি নামে,",
        "অনেকেই জানতে চান, চাঁদের আকার কেন বদলায়। এর কারণ হলো",
        "অনেক দিন আগে সমুদ্রের ধারে এক বুড়ো জেলে একা থাকত। এক রাতে, ঝড়ের মধ্যে,",
        "সবজির ভালো স্যুপ রান্না করতে হলে প্রথমে সবজিগুলো ধুয়ে কেটে নিন। তারপর",
    ),
    "de": (
        "Jeden Morgen öffnet meine Mutter den kleinen Laden in unserer Straße. Die ersten Kunden",
        "Der Fluss hinter unserem Dorf ist die meiste Zeit des Jahres ruhig. Wenn aber der Regen kommt,",
        "Viele Menschen fragen sich, warum der Mond seine Gestalt verändert. Das liegt daran, dass",
        "Es war einmal ein alter Fischer, der allein am Meer lebte. Eines Nachts, mitten im Sturm,",
        "Für eine gute Gemüsesuppe wäscht und schneidet man zuerst das Gemüse. Danach",
    ),
    "en": (
        "Every morning my mother opens the small shop in our street. The first customers",
        "The river behind our village is quiet for most of the year. When the rain comes,",
        "Many people ask why the moon changes its shape. The reason is that",
        "Once upon a time an old fisherman lived alone by the sea. One night, in the middle of a storm,",
        "To make a good vegetable soup, first wash and cut the vegetables. Then",
    ),
    "es": (
        "Cada mañana mi madre abre la pequeña tienda de nuestra calle. Los primeros clientes",
        "El río que pasa detrás de nuestro pueblo está tranquilo casi todo el año. Cuando llegan las lluvias,",
        "Mucha gente se pregunta por qué la luna cambia de forma. La razón es que",
        "Había una vez un viejo pescador que vivía solo junto al mar. Una noche, en medio de una tormenta,",
        "Para hacer una buena sopa de verduras, primero se lavan y se cortan las verduras. Después",
    ),
    "fa": (
        "مادرم هر روز صبح مغازهٔ کوچکش را در خیابان ما باز می‌کند. اولین مشتری‌ها",
        "رودخانهٔ پشت روستای ما بیشتر سال آرام است. وقتی باران می‌آید،",
        "خیلی از مردم می‌پرسند چرا شکل ماه تغییر می‌کند. دلیلش این است که",
        "یکی بود، یکی نبود. ماهیگیر پیری بود که تنها در کنار دریا زندگی می‌کرد. یک شب، در میان طوفان،",
        "برای پختن یک سوپ سبزیجات خوشمزه، اول سبزی‌ها را بشویید و خرد کنید. بعد",
    ),
    "fr": (
        "Chaque matin, ma mère ouvre la petite boutique de notre rue. Les premiers clients",
        "La rivière derrière notre village est calme presque toute l'année. Quand la pluie arrive,",
        "Beaucoup de gens se demandent pourquoi la lune change de forme. La raison est que",
        "Il était une fois un vieux pêcheur qui vivait seul au bord de la mer. Une nuit, au milieu d'une tempête,",
        "Pour faire une bonne soupe de légumes, il faut d'abord laver et couper les légumes. Ensuite,",
    ),
    "hi": (
        "मेरी माँ हर सुबह हमारी गली में अपनी छोटी सी दुकान खोलती हैं। सबसे पहले ग्राहक",
        "हमारे गाँव के पीछे बहने वाली नदी साल के ज़्यादातर दिनों में शांत रहती है। जब बारिश आती है, तो",
        "बहुत से लोग पूछते हैं कि चाँद का आकार क्यों बदलता रहता है। इसका कारण यह है कि",
        "एक समय की बात है, समुद्र के किनारे एक बूढ़ा मछुआरा अकेला रहता था। एक रात, तूफ़ान के बीच,",
        "सब्ज़ियों का स्वादिष्ट सूप बनाने के लिए पहले सब्ज़ियों को धोकर काट लें। फिर",
    ),
    "id": (
        "Setiap pagi ibu saya membuka toko kecil di jalan kami. Para pelanggan pertama",
        "Sungai di belakang desa kami tenang hampir sepanjang tahun. Ketika hujan turun,",
        "Banyak orang bertanya mengapa bentuk bulan berubah-ubah. Alasannya adalah",
        "Pada zaman dahulu, hiduplah seorang nelayan tua sendirian di tepi laut. Pada suatu malam, di tengah badai,",
        "Untuk membuat sup sayur yang enak, pertama-tama cuci dan potong sayurannya. Setelah itu,",
    ),
    "it": (
        "Ogni mattina mia madre apre il piccolo negozio della nostra via. I primi clienti",
        "Il fiume dietro il nostro paese è tranquillo per quasi tutto l'anno. Quando arriva la pioggia,",
        "Molti si chiedono perché la luna cambi forma. Il motivo è che",
        "C'era una volta un vecchio pescatore che viveva solo in riva al mare. Una notte, nel mezzo di una tempesta,",
        "Per fare una buona zuppa di verdure, prima si lavano e si tagliano le verdure. Poi",
    ),
    "ja": (
        "母は毎朝、通りにある小さな店を開けます。最初のお客さんは",
        "村の裏を流れる川は、一年のほとんどは穏やかです。雨の季節になると、",
        "月の形がなぜ変わるのか、不思議に思う人は多いでしょう。その理由は、",
        "昔々、海辺に年老いた漁師が一人で暮らしていました。ある嵐の夜、",
        "おいしい野菜スープを作るには、まず野菜を洗って切ります。次に、",
    ),
    "ko": (
        "어머니는 매일 아침 우리 동네의 작은 가게 문을 여십니다. 첫 손님들은",
        "우리 마을 뒤로 흐르는 강은 일 년 중 대부분 잔잔합니다. 비가 오기 시작하면",
        "많은 사람들이 달의 모양이 왜 변하는지 궁금해합니다. 그 이유는",
        "옛날 옛적에 바닷가에 늙은 어부가 혼자 살고 있었습니다. 어느 날 밤, 폭풍우 속에서",
        "맛있는 채소 수프를 만들려면 먼저 채소를 씻어서 썹니다. 그다음에",
    ),
    "nl": (
        "Elke ochtend opent mijn moeder het kleine winkeltje in onze straat. De eerste klanten",
        "De rivier achter ons dorp is het grootste deel van het jaar rustig. Wanneer de regen komt,",
        "Veel mensen vragen zich af waarom de maan van vorm verandert. De reden is dat",
        "Er was eens een oude visser die alleen aan zee woonde. Op een nacht, midden in een storm,",
        "Voor een goede groentesoep was en snijd je eerst de groenten. Daarna",
    ),
    "pl": (
        "Każdego ranka moja mama otwiera mały sklep na naszej ulicy. Pierwsi klienci",
        "Rzeka za naszą wsią przez większą część roku jest spokojna. Kiedy przychodzą deszcze,",
        "Wielu ludzi zastanawia się, dlaczego księżyc zmienia kształt. Dzieje się tak, ponieważ",
        "Dawno, dawno temu żył nad morzem stary, samotny rybak. Pewnej nocy, w środku burzy,",
        "Żeby ugotować dobrą zupę jarzynową, najpierw trzeba umyć i pokroić warzywa. Potem",
    ),
    "pt": (
        "Todas as manhãs, minha mãe abre a pequena loja da nossa rua. Os primeiros clientes",
        "O rio que passa perto da nossa cidade é calmo quase o ano inteiro. Quando chega a chuva,",
        "Muita gente se pergunta por que a lua muda de forma. A razão é que",
        "Era uma vez um velho pescador que vivia sozinho à beira do mar. Uma noite, no meio de uma tempestade,",
        "Para fazer uma boa sopa de legumes, primeiro lave e corte os legumes. Depois,",
    ),
    "ru": (
        "Каждое утро моя мама открывает маленький магазин на нашей улице. Первые покупатели",
        "Река за нашей деревней почти весь год спокойна. Когда начинаются дожди,",
        "Многие спрашивают, почему луна меняет свою форму. Дело в том, что",
        "Жил-был у самого моря старый одинокий рыбак. Однажды ночью, во время бури,",
        "Чтобы сварить вкусный овощной суп, сначала нужно вымыть и нарезать овощи. Потом",
    ),
    "sw": (
        "Kila asubuhi mama yangu hufungua duka dogo katika mtaa wetu. Wateja wa kwanza",
        "Mto ulio nyuma ya kijiji chetu huwa umetulia karibu mwaka mzima. Mvua zinapoanza kunyesha,",
        "Watu wengi huuliza kwa nini mwezi hubadilika umbo. Sababu ni kwamba",
        "Hapo zamani za kale aliishi mvuvi mzee peke yake kando ya bahari. Usiku mmoja, katikati ya dhoruba,",
        "Ili kupika supu nzuri ya mboga, kwanza osha na ukate mboga. Kisha",
    ),
    "tr": (
        "Annem her sabah sokağımızdaki küçük dükkânı açar. İlk müşteriler",
        "Köyümüzün arkasındaki nehir yılın büyük bölümünde sakindir. Yağmurlar başlayınca",
        "Birçok insan ayın neden şekil değiştirdiğini merak eder. Bunun nedeni",
        "Bir zamanlar deniz kenarında tek başına yaşayan yaşlı bir balıkçı varmış. Bir gece, fırtınanın ortasında,",
        "Güzel bir sebze çorbası yapmak için önce sebzeler yıkanıp doğranır. Sonra",
    ),
    "uk": (
        "Щоранку моя мама відчиняє маленьку крамницю на нашій вулиці. Перші покупці",
        "Річка за нашим селом майже цілий рік спокійна. Коли приходять дощі,",
        "Багато людей запитують, чому місяць змінює свою форму. Річ у тому, що",
        "Жив собі край моря старий самотній рибалка. Якось уночі, посеред бурі,",
        "Щоб зварити смачний овочевий суп, спершу треба помити й нарізати овочі. Потім",
    ),
    "ur": (
        "میری امی ہر صبح ہماری گلی میں اپنی چھوٹی سی دکان کھولتی ہیں۔ سب سے پہلے گاہک",
        "ہمارے گاؤں کے پیچھے بہنے والا دریا سال کے زیادہ تر دن پرسکون رہتا ہے۔ جب بارش ہوتی ہے تو",
        "بہت سے لوگ پوچھتے ہیں کہ چاند کی شکل کیوں بدلتی رہتی ہے۔ اس کی وجہ یہ ہے کہ",
        "ایک دفعہ کا ذکر ہے کہ سمندر کے کنارے ایک بوڑھا مچھیرا اکیلا رہتا تھا۔ ایک رات، طوفان کے بیچ،",
        "سبزیوں کا مزیدار سوپ بنانے کے لیے پہلے سبزیاں دھو کر کاٹ لیں۔ پھر",
    ),
    "vi": (
        "Mỗi buổi sáng, mẹ tôi mở cửa hàng nhỏ trên phố. Những người khách đầu tiên",
        "Con sông sau làng tôi hiền hòa gần như quanh năm. Khi mùa mưa đến,",
        "Nhiều người thắc mắc vì sao mặt trăng thay đổi hình dạng. Lý do là",
        "Ngày xửa ngày xưa, có một ông lão đánh cá sống một mình bên bờ biển. Một đêm nọ, giữa cơn bão,",
        "Để nấu một nồi canh rau ngon, trước hết hãy rửa và thái rau. Sau đó",
    ),
    "zh": (
        "每天早上，妈妈都会打开我们街上那家小店的门。第一批顾客",
        "村子后面的那条河一年中大部分时间都很平静。一到雨季，",
        "很多人都问，月亮的形状为什么会变化。原因是",
        "从前，海边住着一位孤独的老渔夫。有一天夜里，在暴风雨中，",
        "想做一锅好喝的蔬菜汤，先把蔬菜洗净切好，然后",
    ),
}


def prompts(language: str) -> tuple[str, ...]:
    """The prompts of a language: five, or the one beginning that the table of languages has, or none at all.

    Raises LanguageUnknown.
    """
    found = resolve(language)
    return PROMPTS.get(found.code) or ((found.prompt,) if found.prompt else ())
