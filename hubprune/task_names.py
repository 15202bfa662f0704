"""Suffixes of lm-eval's task names by language, as plain data: "ar:arb cu:chu got" is code:suffix, or both the same.

Codes as in hubprune.languages. Read from lm-eval 0.4.13; each language in its usual script and region. And what the
families are called by people.
"""

# Family of task_table -> its name as its authors write it.
TITLES = {
    "multiblimp": "MultiBLiMP",
    "global_mmlu": "Global MMLU",
    "belebele": "Belebele",
    "xcopa": "XCOPA",
    "xnli": "XNLI",
    "global_piqa_nonparallel_cloze": "Global PIQA",
    "hellaswag": "HellaSwag",
    "arc": "ARC",
    "m_mmlu": "MMLU",
    "include_base_44": "INCLUDE",
    "xstorycloze": "XStoryCloze",
    "xwinograd": "XWinograd",
    "paws": "PAWS-X",
    "mkqa": "MKQA",
}
# Kind of task -> what it asks for, in words; the other kinds are words already.
ASKS_FOR = {"minimal pairs": "grammar", "reading": "reading comprehension"}

# Those with 100 items or more: fewer say nothing.
MULTIBLIMP = """
aln am:amh ar:arb azz be:bel bg:bul bor br:bre bua ca:cat cs:ces cu:chu cy:cym de:deu el:ell en:eng es:spa et:est
eu:eus fa:fas fi:fin fo:fao fr:fra frm fro gl:glg got grc hbo he:heb hi:hin hr:hbs hsb hu:hun hy:hye hyw is:isl
it:ita ka:kat kk:kaz kpv krl ku:kmr kxh ky:kir la:lat lij lt:lit lv:lav mr:mar myv nds nl:nld olo orv pl:pol pt:por
quc ro:ron ru:rus sa:san sah se:sme sk:slk sl:slv sms sq:sqi sv:swe ta:tam tr:tur ug:uig uk:ukr ur:urd vep wo:wol
xcl yrl
"""

BELEBELE = """
acm:acm_Arab af:afr_Latn am:amh_Ethi apc:apc_Arab ar:arb_Arab ars:ars_Arab ary:ary_Arab arz:arz_Arab as:asm_Beng
az:azj_Latn bg:bul_Cyrl bm:bam_Latn bn:ben_Beng bo:bod_Tibt ca:cat_Latn ceb:ceb_Latn ckb:ckb_Arab cs:ces_Latn
da:dan_Latn de:deu_Latn el:ell_Grek en:eng_Latn es:spa_Latn et:est_Latn eu:eus_Latn fa:pes_Arab fi:fin_Latn
fil:tgl_Latn fr:fra_Latn fuv:fuv_Latn gn:grn_Latn gu:guj_Gujr ha:hau_Latn he:heb_Hebr hi:hin_Deva hr:hrv_Latn
ht:hat_Latn hu:hun_Latn hy:hye_Armn id:ind_Latn ig:ibo_Latn ilo:ilo_Latn is:isl_Latn it:ita_Latn ja:jpn_Jpan
jv:jav_Latn ka:kat_Geor kac:kac_Latn kea:kea_Latn kk:kaz_Cyrl km:khm_Khmr kn:kan_Knda ko:kor_Hang ky:kir_Cyrl
lg:lug_Latn ln:lin_Latn lo:lao_Laoo lt:lit_Latn luo:luo_Latn lv:lvs_Latn mg:plt_Latn mi:mri_Latn mk:mkd_Cyrl
ml:mal_Mlym mn:khk_Cyrl mr:mar_Deva ms:zsm_Latn mt:mlt_Latn my:mya_Mymr ne:npi_Deva nl:nld_Latn no:nob_Latn
nso:nso_Latn ny:nya_Latn om:gaz_Latn or:ory_Orya pa:pan_Guru pl:pol_Latn ps:pbt_Arab pt:por_Latn ro:ron_Latn
ru:rus_Cyrl rw:kin_Latn sd:snd_Arab shn:shn_Mymr si:sin_Sinh sk:slk_Latn sl:slv_Latn sn:sna_Latn so:som_Latn
sq:als_Latn sr:srp_Cyrl ss:ssw_Latn st:sot_Latn su:sun_Latn sv:swe_Latn sw:swh_Latn ta:tam_Taml te:tel_Telu
tg:tgk_Cyrl th:tha_Thai ti:tir_Ethi tn:tsn_Latn tr:tur_Latn ts:tso_Latn uk:ukr_Cyrl ur:urd_Arab uz:uzn_Latn
vi:vie_Latn war:war_Latn wo:wol_Latn xh:xho_Latn yo:yor_Latn zh:zho_Hans zu:zul_Latn
"""

GLOBAL_PIQA = """
acm:acm_arab acq:acq_arab aeb:aeb_arab afb:afb_arab am:amh_ethi ar:arb_arab arq:arq_arab ars:ars_arab ary:ary_arab
arz:arz_arab as:asm_beng az:azj_latn bcc:bcc_arab be:bel_cyrl bg:bul_cyrl bgc:bgc_deva bho:bho_deva bm:bam_latn
bn:ben_beng bra:bra_deva bs:bos_latn bsk:bsk_arab btx:btx_latn ca:cat_latn ckb:ckb_arab ckm:ckm_latn cs:ces_latn
da:dan_latn de:deu_latn dhd:dhd_deva dje:dje_latn ekp:ekp_latn el:ell_grek en:eng_latn es:spa_latn_spai et:ekk_latn
eu:eus_latn fa:pes_arab fi:fin_latn fil:tgl_latn fo:fao_latn fr:fra_latn_fran gl:glg_latn gu:guj_gujr ha:hau_latn
haw:haw_latn he:heb_hebr hi:hin_deva hr:hrv_latn hu:hun_latn hy:hye_armn id:ind_latn idu:idu_latn ig:ibo_latn
is:isl_latn iso:iso_latn it:ita_latn ja:jpn_jpan jv:jav_latn ka:kat_geor kk:kaz_cyrl kn:kan_knda ko:kor_hang
ky:kir_cyrl ln:lin_latn lt:lit_latn luo:luo_latn mg:plt_latn mk:mkd_cyrl ml:mal_mlym mni:mni_beng mr:mar_deva
ms:zsm_latn nag:nag_latn ne:npi_deva nl:nld_latn nn:nno_latn no:nob_latn or:ory_orya pa:pan_guru pcm:pcm_latn
pl:pol_latn pt:por_latn_braz ro:ron_latn ru:rus_cyrl rw:kin_latn rwr:rwr_deva sd:snd_arab si:sin_sinh sk:slk_latn
sl:slv_latn sq:als_latn sr:srp_cyrl su:sun_latn sv:swe_latn sw:swh_latn swv:swv_deva ta:tam_taml te:tel_telu
th:tha_thai tr:tur_latn ug:uig_arab uk:ukr_cyrl ur:urd_arab urh:urh_latn uz:uzn_latn vi:vie_latn yo:yor_latn
yue:yue_hant zh:cmn_hans zu:zul_latn
"""

INCLUDE = """
ar:arabic az:azerbaijani be:belarusian bg:bulgarian bn:bengali de:german el:greek es:spanish et:estonian eu:basque
fa:persian fi:finnish fil:tagalog fr:french he:hebrew hi:hindi hr:croatian hu:hungarian hy:armenian id:indonesian
it:italian ja:japanese ka:georgian kk:kazakh ko:korean lt:lithuanian mk:north_macedonian ml:malayalam ms:malay
ne:nepali nl:dutch pl:polish pt:portuguese ru:russian sq:albanian sr:serbian ta:tamil te:telugu tr:turkish
uk:ukrainian ur:urdu uz:uzbek vi:vietnamese zh:chinese
"""

GLOBAL_MMLU = "ar bn de en es fr hi id it ja ko pt sw yo zh"
XCOPA = "et ht id it qu sw ta th tr vi zh"
XNLI = "ar bg de el en es fr hi ru sw th tr ur vi zh"
XSTORYCLOZE = "ar en es eu hi id my ru sw te zh"
XWINOGRAD = "en fr ja:jp pt ru zh"
PAWS_X = "de en es fr ja ko zh"
OKAPI = "ar bn ca da de es eu fr gu hi hr hu hy id it kn ml mr ne nl pt ro ru sk sr sv ta te uk vi"
MKQA = "ar da de en es fi fr he hu it ja km ko ms nl no pl pt ru sv th tr vi zh"
