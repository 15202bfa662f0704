"""The languages hubprune knows by name: plain data, one line each.

Columns: code | ISO 639-3 codes, the one data sets use first | scripts, the usual one first | English name | own name |
the beginning of a sentence in it ("In our country", more where neighbours would write the same) | further names.
"""

# Subsets of allenai/c4 (mC4), as its page lists them; what a run uses is looked up again when it runs.
C4 = """
af am ar az be bg bn ca ceb co cs cy da de el en eo es et eu fa fi fil fr fy ga gd gl gu ha haw he hi hmn ht hu hy id
ig is it ja jv ka kk km kn ko ku ky la lb lo lt lv mg mi mk ml mn mr ms mt my ne nl no ny pa pl ps pt ro ru sd si sk
sl sm sn so sq sr st su sv sw ta te tg th tr uk ur uz vi xh yi yo zh zu
"""

TABLE = """
af|afr|Latn|Afrikaans|Afrikaans|In ons land het die|
am|amh|Ethi|Amharic|አማርኛ|በአገራችን|
ar|arb,ara|Arab|Arabic|العربية|في بلادنا|Modern Standard Arabic,Standard Arabic
as|asm|Beng|Assamese|অসমীয়া|আমাৰ দেশত|
ast|ast|Latn|Asturian|Asturianu|Nel nuesu país|
az|azj,aze|Latn|Azerbaijani|Azərbaycanca|Ölkəmizdə|Azeri,Azərbaycan dili
be|bel|Cyrl|Belarusian|Беларуская|У нашай краіне|Belarusan
bg|bul|Cyrl|Bulgarian|Български|В нашата страна|
bn|ben|Beng|Bengali|বাংলা|আমাদের দেশে|Bangla
br|bre|Latn|Breton|Brezhoneg|En hor bro|
bs|bos|Latn|Bosnian|Bosanski|Ove sedmice u našoj zemlji|
ca|cat|Latn|Catalan|Català|Al nostre país|Valencian
ceb|ceb|Latn|Cebuano|Binisaya|Sa atong nasud|Cebuan,Bisaya
ckb|ckb|Arab|Central Kurdish|کوردیی ناوەندی|لە وڵاتەکەماندا|Sorani
co|cos|Latn|Corsican|Corsu|In u nostru paese|
cs|ces,cze|Latn|Czech|Čeština|V naší zemi|
cy|cym,wel|Latn|Welsh|Cymraeg|Yn ein gwlad ni|
da|dan|Latn|Danish|Dansk|I vores land er der|
de|deu,ger|Latn|German|Deutsch|In unserem Land|
el|ell,gre|Grek|Greek|Ελληνικά|Στη χώρα μας|Modern Greek
en|eng|Latn|English|English|In our country|
eo|epo|Latn|Esperanto|Esperanto|En nia lando|
es|spa|Latn|Spanish|Español|En nuestro país|Castilian,Castellano
et|ekk,est|Latn|Estonian|Eesti|Meie riigis|Eesti keel
eu|eus,baq|Latn|Basque|Euskara|Gure herrian|Euskera
fa|fas,pes,per|Arab|Persian|فارسی|در کشور ما|Farsi,Western Persian
fi|fin|Latn|Finnish|Suomi|Maassamme|
fil|fil,tgl|Latn|Filipino|Filipino|Sa ating bansa|Tagalog,Pilipino
fr|fra,fre|Latn|French|Français|Dans notre pays|
fy|fry|Latn|Western Frisian|Frysk|Yn ús lân|Frisian,West Frisian
ga|gle|Latn|Irish|Gaeilge|In ár dtír|
gd|gla|Latn|Scottish Gaelic|Gàidhlig|Anns an dùthaich againn|Gaelic
gl|glg|Latn|Galician|Galego|No noso país|Gallego
gu|guj|Gujr|Gujarati|ગુજરાતી|આપણા દેશમાં|
ha|hau|Latn|Hausa|Hausa|A ƙasarmu|
haw|haw|Latn|Hawaiian|ʻŌlelo Hawaiʻi||
he|heb|Hebr|Hebrew|עברית|בארצנו|
hi|hin|Deva|Hindi|हिन्दी|हमारे देश में|हिंदी
hmn|hmn|Latn|Hmong|Hmoob|Hauv peb lub teb chaws|
hr|hrv|Latn|Croatian|Hrvatski|Ovog tjedna u našoj zemlji|
ht|hat|Latn|Haitian Creole|Kreyòl ayisyen|Nan peyi nou|Haitian
hu|hun|Latn|Hungarian|Magyar|Hazánkban|
hy|hye,arm|Armn|Armenian|Հայերեն|Մեր երկրում|
id|ind|Latn|Indonesian|Bahasa Indonesia|Di negara kita, pemerintah|
ig|ibo|Latn|Igbo|Igbo|N'obodo anyị|
is|isl,ice|Latn|Icelandic|Íslenska|Í landinu okkar|
it|ita|Latn|Italian|Italiano|Nel nostro paese|
ja|jpn|Jpan|Japanese|日本語|私たちの国では|
jv|jav|Latn|Javanese|Basa Jawa|Ing jaman saiki|
ka|kat,geo|Geor|Georgian|ქართული|ჩვენს ქვეყანაში|
kk|kaz|Cyrl|Kazakh|Қазақша|Біздің елімізде|Қазақ тілі,Qazaq
km|khm|Khmr|Khmer|ខ្មែរ|នៅក្នុងប្រទេសរបស់យើង|Cambodian
kn|kan|Knda|Kannada|ಕನ್ನಡ|ನಮ್ಮ ದೇಶದಲ್ಲಿ|
ko|kor|Hang,Kore|Korean|한국어|우리나라에서는|한국말
ku|kmr,kur|Latn|Kurdish|Kurdî|Li welatê me|Kurmanji,Northern Kurdish
ky|kir|Cyrl|Kyrgyz|Кыргызча|Биздин өлкөдө|Kirghiz
la|lat|Latn|Latin|Latina|In patria nostra|
lb|ltz|Latn|Luxembourgish|Lëtzebuergesch|An eisem Land|
lg|lug|Latn|Ganda|Luganda|Mu ggwanga lyaffe|
ln|lin|Latn|Lingala|Lingála|Na ekolo na biso|
lo|lao|Laoo|Lao|ລາວ|ຢູ່ໃນປະເທດຂອງພວກເຮົາ|Laotian
lt|lit|Latn|Lithuanian|Lietuvių|Mūsų šalyje|
lv|lvs,lav|Latn|Latvian|Latviešu|Mūsu valstī|
mg|plt,mlg|Latn|Malagasy|Malagasy|Eto amin'ny firenentsika|
mi|mri,mao|Latn|Maori|Māori|I tō tātou whenua|Te Reo
mk|mkd,mac|Cyrl|Macedonian|Македонски|Во нашата земја|
ml|mal|Mlym|Malayalam|മലയാളം|നമ്മുടെ രാജ്യത്ത്|
mn|khk,mon|Cyrl|Mongolian|Монгол|Манай улсад|Halh Mongolian,Khalkha
mr|mar|Deva|Marathi|मराठी|आपल्या देशात|
ms|zsm,msa,may|Latn|Malay|Bahasa Melayu|Di negara kita, kerajaan|Standard Malay,Malaysian,Bahasa Malaysia
mt|mlt|Latn|Maltese|Malti|F'pajjiżna|
my|mya,bur|Mymr|Burmese|မြန်မာ|ကျွန်ုပ်တို့နိုင်ငံတွင်|Myanmar
ne|npi,nep|Deva|Nepali|नेपाली|हाम्रो देशमा|Nepalese
nl|nld,dut|Latn|Dutch|Nederlands|In ons land hebben de|Flemish,Vlaams
nn|nno|Latn|Norwegian Nynorsk|Nynorsk|I landet vårt er det ikkje|
no|nob,nor|Latn|Norwegian|Norsk|I vårt land er det|nb,Bokmål,Norwegian Bokmål
ny|nya|Latn|Chichewa|Chichewa|M'dziko lathu|Nyanja,Chewa
oc|oci|Latn|Occitan|Occitan|Dins nòstre país|Provençal
om|gaz,orm|Latn|Oromo|Afaan Oromoo|Biyya keenya keessatti|Afan Oromo
or|ory,ori|Orya|Odia|ଓଡ଼ିଆ|ଆମ ଦେଶରେ|Oriya
pa|pan|Guru|Punjabi|ਪੰਜਾਬੀ|ਸਾਡੇ ਦੇਸ਼ ਵਿੱਚ|Panjabi
pl|pol|Latn|Polish|Polski|W naszym kraju|
ps|pbt,pus|Arab|Pashto|پښتو|زموږ په هېواد کې|Pushto
pt|por|Latn|Portuguese|Português|Em nosso país|
ro|ron,rum|Latn|Romanian|Română|În țara noastră|Moldovan
ru|rus|Cyrl|Russian|Русский|В нашей стране|
rw|kin|Latn|Kinyarwanda|Ikinyarwanda|Mu gihugu cyacu|
sd|snd|Arab|Sindhi|سنڌي|اسان جي ملڪ ۾|
si|sin|Sinh|Sinhala|සිංහල|අපේ රටේ|Sinhalese
sk|slk,slo|Latn|Slovak|Slovenčina|V našej krajine|
sl|slv|Latn|Slovenian|Slovenščina|V naši državi|Slovene
sm|smo|Latn|Samoan|Gagana Sāmoa|I lo tatou atunuʻu|
sn|sna|Latn|Shona|ChiShona|Munyika yedu|
so|som|Latn|Somali|Soomaali|Dalkeenna gudihiisa|
sq|als,sqi,alb|Latn|Albanian|Shqip|Në vendin tonë|
sr|srp|Cyrl|Serbian|Српски|У нашој земљи|
st|sot|Latn|Southern Sotho|Sesotho|Naheng ya rona|
su|sun|Latn|Sundanese|Basa Sunda|Di nagara urang|
sv|swe|Latn|Swedish|Svenska|I vårt land är det|
sw|swh,swa|Latn|Swahili|Kiswahili|Katika nchi yetu|
ta|tam|Taml|Tamil|தமிழ்|நமது நாட்டில்|
te|tel|Telu|Telugu|తెలుగు|మన దేశంలో|
tg|tgk|Cyrl|Tajik|Тоҷикӣ|Дар кишвари мо|
th|tha|Thai|Thai|ไทย|ในประเทศของเรา|
ti|tir|Ethi|Tigrinya|ትግርኛ|ኣብ ሃገርና|Tigrigna
tk|tuk|Latn|Turkmen|Türkmençe|Ýurdumyzda|
tn|tsn|Latn|Tswana|Setswana|Mo nageng ya rona|
tr|tur|Latn|Turkish|Türkçe|Ülkemizde|
tt|tat|Cyrl|Tatar|Татарча|Безнең илдә|
ug|uig|Arab|Uyghur|ئۇيغۇرچە|دۆلىتىمىزدە|Uighur
uk|ukr|Cyrl|Ukrainian|Українська|У нашій країні|
ur|urd|Arab|Urdu|اردو|ہمارے ملک میں|
uz|uzn,uzb|Latn|Uzbek|Oʻzbekcha|Mamlakatimizda|O'zbek,Northern Uzbek
vi|vie|Latn|Vietnamese|Tiếng Việt|Ở nước ta|
wo|wol|Latn|Wolof|Wolof|Ci sunu réew|
xh|xho|Latn|Xhosa|isiXhosa|Kwilizwe lethu|
yi|ydd,yid|Hebr|Yiddish|ייִדיש|אין אונדזער לאַנד|
yo|yor|Latn|Yoruba|Yorùbá|Ní orílẹ̀-èdè wa|
zh|cmn,zho,chi|Hani,Hans,Hant|Chinese|中文|在我们国家|Mandarin,Mandarin Chinese,普通话,汉语,普通話,漢語,华语,國語
zu|zul|Latn|Zulu|isiZulu|Ezweni lethu|
"""
