"""Readings that the words around decide; where two rules match one word, the later one wins."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from tts_assets.japanese.analysis import (
    find_word_starts,
    node_to_kana,
    nodes_to_text,
    to_accent_phrases,
)
from tts_assets.japanese.kana import pronunciation_key
from tts_assets.japanese.reading_override import ReadingChange, override_reading
from tts_assets.japanese.spoken_numbers import WEEKDAYS, find_weekdays
from tts_assets.japanese.text_rules import compile_lazy
from tts_assets.model import is_katakana, kana_to_katakana

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tts_assets.japanese.analysis import Nodes
    from tts_assets.japanese.dictionary import Dictionary

_NUMERAL_BELOW_MAN = "[一二三四五六七八九十百千０-９]"
_INSTRUMENT = (
    "(?:楽器|ギター|ピアノ|バイオリン|ヴァイオリン|ビオラ|チェロ|ベース|オルガン|エレクトーン|キーボード|ウクレレ"
    "|ハープ|マンドリン|琴|三味線|三線|琵琶|胡弓|二胡|曲|ショパン|バッハ|モーツァルト|ベートーベン|ソナタ|伴奏|和音)"
)

#: What one goes along: 道を行って is イッテ.
_WAY = "(?<![道路り坂先上中所街町海空橋前奥右左方野畔筋会])"

#: Behind these, 下 is モト: under a law, a guidance, a teacher.
_RULED = "(?<![法導督配揮名件理親生授権制則等意響護力治令念旗統況度画可解任提師条針策盟約定星])"
_VESSEL = (
    "(?:コップ|グラス|カップ|ボトル|ペットボトル|バケツ|タンク|ポット|ケース|ボックス|バッグ|スーツケース|ポケット|カート"
    "|(?:段|ダン)?ボール箱?|箱|瓶|びん|ビン|缶|かん|袋|財布|皿|鍋|器|容器|水筒|弁当箱?|茶碗|お椀|樽|壺|花瓶|封筒|かばん|鞄"
    "|引き出し|引出し|冷蔵庫|倉庫|棚|席|部屋|教室|電車|バス|タクシー|トラック|ベッド|椅子|いす|胃|中身|貯金箱|ゴミ箱)"
)
_HOT = (
    "(?:カレー|キムチ|ラーメン|スープ|ソース|料理|食べ物|もの|物|味|唐辛子|わさび|ワサビ|からし|鍋|麻婆豆腐|豆腐|チゲ|大根"
    "|玉ねぎ|味噌|たれ|タレ|ピザ|パスタ|スナック|チップス|肉|麺|うどん|スパイス|胡椒|コショウ|サルサ|お?菓子|おかず|汁)"
)
_BEFORE_MINUTES = (
    "(?:時|約|あと|後|片道|毎日|毎朝|毎晩|ほんの|たった|わずか|ちょうど|さらに|まで|から|歩いて|徒歩|車で|バスで|電車で"
    "|走って|タクシーで)"
)
_AMOUNT = (
    "(?:に(?![一二三四五六七八九十])|な(?![らん])|使|でき|出来|食べ|寝|考え|気を|気をつけ|注意|可能|楽し|理解|分か|わか|足り|あり"
    "|ある|あっ|満|役|休|話|準備|承知|知|通|間に合|暖|温|強|美味|おいし|大き|広|練習|果た|とは|では|でしょ|すぎ|過ぎ|伝わ|生き)"
)
_MINUTES = (
    "(?:間|後|前|ほど|くらい|ぐらい|以内|おき|ごと|毎|待|かか|遅|早|以上|未満|歩|休憩|経|たっ|たて|たつ|しか"
    "|で(?:着|行|終|来|つ[いくき])|の(?:休|道|距|所|ところ))"
)
_MANY = "[一二三四五六七八九十何数１-９]+[回度]"
_COUNTED = "[一二三四五六七八九十何数１-９]"
_STOPPED = "(?:車|バス|電車|自転車|バイク|タクシー|機械|エンジン|足|手|息|水|火|ガス|音楽|テレビ|時計|血|涙|流れ|戦争|けんか|喧嘩)"
_HELD_OPEN = "(?:本|会|会議|パーティー|辞書|教科書|ノート|ページ|傘|口座|扉|心|手|展|展覧会|教室|大会|宴会|ファイル|口|個展)"
_OPEN_PLACE = "(?:店|屋|スーパー|コンビニ|銀行|郵便局|図書館|病院|デパート|レストラン|カフェ|窓口|プール|美術館|博物館|ジム|売店|食堂)"
_SHOWN = "(?:未来|夢|様子|世界|人生|社会|物語|愛|戦争|姿|イメージ|時代|生活|弧|軌跡|将来|理想)"

#: What may be free or vacant: 席, 時間.
_FREE = "(?:席|部屋|時間|椅子|いす|日|予定|手|ベンチ|トイレ|場所|所|スペース|会議室|ポスト)"

#: Of the subject or the topic, with a few words between that bring in no object.
_SUBJECT = "(?:[がはも][^を、。]{0,6}?|の)"
_PICTURE = "(?:絵|図|線|円|丸|漫画|マンガ|眉)"
_FOOD = "(?:カレー|キムチ|ラーメン|スープ|ソース|料理|食べ物|もの|物|味|唐辛子|わさび)"
_SOILED = "(?:水|空気|川|海|環境|服|手|足|顔|床|シャツ|靴|ズボン|スカート|着物|部屋|壁|本|紙)"
_ON_THE_HEAD = "(?:帽子|ヘルメット|布団|毛布|仮面|面|かつら|笠|頭巾|ベール)"
_OPENING = "(?:ドア|扉|戸|窓|店|目|口|穴|鍵|蓋|幕|門|栓|シャッター|ふた)"
_ANIMAL = "(?:牛|鹿|羊|山羊|サイ|鬼|カブトムシ|トナカイ)"
_HUGGED = "(?:子供|子ども|子|赤ちゃん|赤ん坊|犬|猫|人形|ぬいぐるみ|肩|娘|息子)"
_PLACE = "(?:道|通り|場所|路地|公園|夜道|山道|海岸|浜|森|廊下|所)"
_HABIT = "(?:酒|煙草|タバコ|たばこ|仕事|会社|学校)"
_MONEY = "(?:欲し|借|貸|払|稼|もら|貯|盗|返|儲|要|足り|ない|無い|かか)"
_MORE = (
    "(?:元気|上手|下手|楽|静か|便利|前|昔|遅|早|速|増|減|違|慣|疲|変わ|近|遠|大き|小さ|長|短|暑|寒)"
)
_NUMERAL = "[一二三四五六七八九十百千万０-９]"
_COUNT = "[一二三四五六七八九十何数]"
_WEATHER = "(?:晴れ?|はれ|曇り?|くもり|雨|雪)"
_WRITTEN_ON = "(?:(?<!用)紙|布|(?<!言)葉|カード|封筒|はがき|葉書|切符|コイン|硬貨|生地)"
_AIMED = "(?:話|話題|本題|弾|球|ボール|矢|コース|軌道|注意|気)"

#: What is held or carried out: 調査, 試合, 授業.
_SET = (
    "(?:[一-龥][査業究験式議習練動術療事演表挙票引務理営売集革整論渉合育導価析定察備除検発造産認討録"
    "奏談接修算策援護更置告診断判給善布訓]|(?:(?<![一-龥])|[大集総面司習強明動表親別迎演覧話究])会"
    "|式|手続き|テスト|イベント|サービス|アンケート|セミナー|コンサート|パーティー|キャンペーン)"
)
_DOING = (
    "(?:希望|参加|利用|予約|購入|応募|使用|来場|乗車|出席|欠席|入会|入場|受験|見学|申請|登録|該当)"
)
_POLITE = (
    "(?:お(?:年寄り|持ち|越し|探し|急ぎ|困り|待ち|住まい|勤め|泊まり|乗り|降り|忘れ|連れ|悩み|考え|申し込み)"
    "|ご(?:利用|希望|存知|存じ|来店|来場|予約|年配|高齢|出席|参加|本人)|年配|高齢|初めて|はじめて)"
)
_COUNTRY = (
    "(?:日本|外国|[中韓英米]国|台湾|香港|アメリカ|カナダ|イギリス|フランス|ドイツ|イタリア|スペイン|ロシア"
    "|インド|タイ|ベトナム|フィリピン|インドネシア|マレーシア|ネパール|ミャンマー|ブラジル"
    "|オーストラリア|メキシコ)"
)
_OLD = "(?:お年寄り|ご?年配|ご?高齢)"

#: Behind が and も, what says of people that they are there.
_ARE_THERE = "(?:い(?:ます|る|た|て)|いらっしゃ|おられ|おり|来(?:ます|まし|る|た)|見えま|大勢)"

#: Behind 方, statements and requests about people.
_TO_PERSONS = (
    "(?:は(?:いらっしゃ|おられ|お?申し|お知らせ|お問い|お早め|ご(?:連絡|存|注意)|どうぞ"
    f"|[^、。]{{0,15}}(?:ください|下さい))|(?:が|も){_ARE_THERE}|への|へお|どうぞ"
    "|に(?:お(?:知らせ|願い)|聞|会|尋)|と(?:話|会)|でも(?:安心|簡単|大丈夫|楽し|気軽)|。|$)"
)
#: Patterns, the word in a group and without its okurigana, and its reading there. Every rule was
#: added for text that pyopenjtalk-plus 0.4.1 misreads. Most name neighbours that leave one reading:
#: 店が開く is アク, 店を開く may be either and is left to the dictionary. The others are of words that
#: it reads wrong without any.
CONTEXT_RULES = {
    # Words that the dictionary reads wrong wherever they stand; rules below may know better.
    "(潰れる)": "ツブレル",
    "(惚れる)": "ホレル",
    "(紛れる)": "マギレル",
    "(萎れる)": "シオレル",
    "(凭れる)": "モタレル",
    "(強いる)": "シイル",
    "(労わ)[らりるれろっ]": "イタワ",
    "(揶揄わ)": "カラカワ",
    "(揶揄い)": "カラカイ",
    "(揶揄う)": "カラカウ",
    "(揶揄え)": "カラカエ",
    "(揶揄っ)[たて]": "カラカッ",
    "(彷徨わ)": "サマヨワ",
    "(彷徨い)": "サマヨイ",
    "(彷徨う)": "サマヨウ",
    "(彷徨え)": "サマヨエ",
    "(彷徨っ)[たて]": "サマヨッ",
    "(厳か)": "オゴソカ",
    "(密か)": "ヒソカ",
    "(?<!は)(疎か)": "オロソカ",
    "(狡い)": "ズルイ",
    "(弛む)": "タルム",
    "(?<![一-龥])(鋸)": "ノコギリ",
    "(此処)(?!ら)": "ココ",
    "(其処)(?!ら)": "ソコ",
    "(?<![大美偉])(丈夫)": "ジョウブ",
    "(?<![一-龥])(所帯)": "ショタイ",
    "(蒲公英)": "タンポポ",
    "(七夕)": "タナバタ",
    "(日本人)": "ニホンジン",
    "(朝ご飯)": "アサゴハン",
    "(昼ご飯)": "ヒルゴハン",
    "(晩ご飯)": "バンゴハン",
    "(?<!腹)(?<!なか)(?<![腹胸か][がのはも])(空く)(?!じ)": "アク",
    "^(逸れる)$": "ソレル",
    f"{_AIMED}(?:が|は|も|を|から)(逸れ)": "ソレ",
    "^(汚れる)$": "ヨゴレル",
    "^(汚す)$": "ヨゴス",
    "^(白鳥)$": "ハクチョウ",
    "^(海星)$": "ヒトデ",
    "^(毛)$": "ケ",
    "^(種)$": "タネ",
    "^(素振り)$": "ソブリ",
    "(素振り)[をもさ](?:見せ|え|示)": "ソブリ",
    "(一歩)": "イッポ",
    # Numbers, and what is counted.
    f"{_NUMERAL}(対){_NUMERAL}": "タイ",
    f"(?<!{_NUMERAL})(十)対{_NUMERAL}": "ジュッ",
    f"(?<!{_NUMERAL})(０)時(?!間)": "レイ",
    f"(?<!{_NUMERAL})(九十九)(?![一-龥])": "キュウジュウキュウ",
    "五十(音)(?![一-龥])": "オン",
    "(二言三言)": "フタコトミコト",
    f"(何分)(?!不|未|初|若|ご(?!ろ|と)|の{_COUNT})": "ナンプン",
    "(何分)(?:よろし|宜し)": "ナニブン",
    "(?:時|前半|後半)(八分)": "ハップン",
    f"(?<!{_NUMERAL})(?<![割村腹利])(八分)(?:前|後|間|待|歩|遅|早|過|です|で[着終]|か[かけ]|あれ|ごと)": "ハップン",
    f"(?:^|[、。「はがもをにへで])(年)に?{_COUNT}[度回]": "ネン",
    f"(?:{_COUNT}[度回錠粒日]|食[前後]|[毎今][日朝晩])(薬)": "クスリ",
    "(何)曜日": "ナン",
    # People and directions.
    "(北の方)(?:へ|に(?:あ|行|向|住|[^、。]{1,4}が)|から|を[見向])": "キタノホウ",
    f"{_POLITE}の(方)(?:は、|が多|へ[、。]|へ$|{_TO_PERSONS})": "カタ",
    f"{_OLD}の(方)[をにとでは]": "カタ",
    f"{_DOING}(?:する|した|される|された|なさる)(方)(?:は、|へ[、。]|へ$|{_TO_PERSONS})": "カタ",
    f"(?:外国|海外|地元)の(方){_TO_PERSONS}": "カタ",
    f"(?:^|[、。]|さんは|あなたは|それとも){_COUNTRY}の(方)(?:でしょう|です)か": "カタ",
    "(?:こちら|そちら|あちら)の(方)は[^、。]{1,6}(?:さん|先生)": "カタ",
    # Words whose neighbours decide.
    f"{_SET}を(行)って": "オコナ",
    f"{_SET}(?:は|も)[^、。をにへ]{{1,8}}?で(行)っ[たて]": "オコナ",
    f"{_WEATHER}(後){_WEATHER}": "ノチ",
    "日本(中)(?![一-龥])": "ジュウ",
    "(今日)的(?:な|に言|意|課|視|問|。|$)": "コンニチ",
    "(気色)(?:[のが]?悪|わる)": "キショク",
    "昔(風)(?:の(?![強音中吹])|な(?!ら|の)|。|$)": "フウ",
    f"{_WRITTEN_ON}の(表)[にがは]": "オモテ",
    # Sentences in kana.
    "(?:^|[、「])(は)(?:が(?:いた|ぬけ|はえ|しろ|くろ|きれい|わる)|を(?:みが|ぬ|なお))": "ハ",
    "^(にわには)(?:にわ|だれ|なに|いぬ|ねこ|き[がの])": "ニワニワ",
    "^(かれは)(?![がをにのでともてっじ、。]|$)": "カレワ",
    f"(?:雨|雪|雹|霙|霰){_SUBJECT}(降)[らりるれろっ]": "フ",
    f"{_PICTURE}(?:を[^を、。]{{0,6}}?|{_SUBJECT})(描)[かきくけこい]": "カ",
    f"{_OPENING}{_SUBJECT}(開)[かきくけこい]": "ア",
    "(?:お腹|おなか|腹|道|電車|バス)(?:が|は|も).{0,4}?(空)[かきくけこい]": "ス",
    "(?:^|、|さっき|すぐに|いつも|とても|ちょっと|もっと)(部屋)": "ヘヤ",
    f"{_ANIMAL}の(角)": "ツノ",
    f"{_FOOD}(?:が|は|も).{{0,4}}?(辛)[いかくけ]": "カラ",
    f"(辛)[いく]{_FOOD}": "カラ",
    f"(人気)の(?:ない|無い){_PLACE}": "ヒトケ",
    f"(大分){_MORE}": "ダイブ",
    "(?<![一-龥])(市場)(?:へ|に)(?:行|買|出かけ)": "イチバ",
    "(?<![一-龥])(市場)で(?:.{0,3})?(?:魚|野菜|果物|肉|花|食べ物|買)": "イチバ",
    f"(金)[をが]{_MONEY}": "カネ",
    f"{_SOILED}を(汚)[さしすせそ]": "ヨゴ",
    f"{_SOILED}(?:が|は|も)(汚)れ": "ヨゴ",
    f"{_HUGGED}を(抱)[かきくけこい]": "ダ",
    "(表)(?:に出|へ出|で遊|で待)": "オモテ",
    "裏[とも](表)": "オモテ",
    "(表)[とも]裏": "オモテ",
    "[いな](臭い)(?:が|を|は|も|で|に|。|$)": "ニオイ",
    f"{_ON_THE_HEAD}を(被)[らりるれろっ]": "カブ",
    "(?<![一二三四五六七八九十百割])(五分)(?!五|咲|刈|の)": "ゴフン",
    "(八百)(?=。|$)": "ハッピャク",
    f"{_HABIT}を(止)め": "ヤ",
    "の(後)を(?:つ|付|追|継|続)": "アト",
    "(小父)さん": "オジ",
    "(何時)も": "イツ",
    "(一目)(?:で|見|惚|ぼれ)": "ヒトメ",
    "(床)に就": "トコ",
    "(三行)(?!半)": "サンギョウ",
    "(一行)目": "イチギョウ",
    "(額)(?:に汗|の汗|が広|を拭|をぬぐ|に手)": "ヒタイ",
    "(種)を(?:ま[いかきく]|蒔|植)": "タネ",
    "(最中)を食べ": "モナカ",
    "(街中)[でにをの]": "マチナカ",
    "(間)が(?:悪|持た|もた|抜け)": "マ",
    # Verbs with what they govern.
    f"{_INSTRUMENT}(?:を|が|は|も|なら|とか|って|なんか|など)[^を、。]{{0,8}}?(弾)[かきくけこい]": "ヒ",
    "(?:指|爪|指先)で[^、。]{0,4}?(弾)[かきくけこい]": "ハジ",
    "(?:ポップコーン|泡|豆|実|栗|火花|シャボン玉|風船|笑顔|若さ|元気)(?:が|を|は|も|に)[^、。]{0,4}?(弾)け": "ハジ",
    "(誘)[わいうえおっ]": "サソ",
    f"{_WAY}を(行)っ[たて]": "オコナ",
    "に(堪え)": "タエ",
    "(?:涙|笑い|痛み|怒り|悲しみ|悔しさ|寒さ|あくび|吐き気)を[^、。を]{0,4}?(堪え)": "コラエ",
    "(?:茶|酒|ビール|ワイン|コーヒー|紅茶|牛乳|ミルク|スープ|ジュース|みそ汁|味噌汁)を[^、。を]{0,6}?(注)[がぎぐげごい]": "ツ",
    f"{_STOPPED}を[^、。を]{{0,4}}?(止め)": "トメ",
    f"{_HELD_OPEN}を[^、。を]{{0,6}}?(開)[かきくい]": "ヒラ",
    f"{_OPEN_PLACE}(?:は|が|も)[^。を]{{0,14}}?(開)い(?:て(?:い|る|ま|な)|た)": "ア",
    f"{_SHOWN}を[^、。を]{{0,4}}?(描)[かきくけこい]": "エガ",
    "(?:水|力|情熱|愛情|視線|血|油)を[^、。を]{0,4}?(注)[がぎぐげごい]": "ソソ",
    "(?:の|こと)を(止め)": "ヤメ",
    "(?:末席|名|名誉|顔|神聖|経歴|家名)を(汚)[さしすせそ]": "ケガ",
    "(点け)": "ツケ",
    "[をでに](割)る": "ワ",
    "(?:被害|損害|迷惑|影響|罪|汚名|痛手|ダメージ|損失|恩恵|不利益)を[^、。を]{0,4}?(被)[らりるれろっ]": "コウム",
    "(?:時間が|[年月日週間]が?|ずいぶん)(経っ)[たて]": "タッ",
    # Hot and hard.
    f"{_HOT}(?:が|は|も|って|、)[^、。]{{0,6}}?(辛)[いかくけさすそ]": "カラ",
    f"(辛)[いく](?:て[^、。]{{0,4}})?{_HOT}(?!は|が辛)": "カラ",
    "(辛)いの(?:が|は)(?:好き|苦手|だめ|駄目|平気|大丈夫)": "カラ",
    "(辛)くて(?:おいし|美味|うま|食べ|水|口|舌)": "カラ",
    "(辛)さ(?:を(?:調整|控え|選)|控えめ|の(?:調整|レベル))": "カラ",
    "(?:[いっし]て|んで|[うくすつむぶるいただ]の[はが]|こと[はが]|(?:仕事|別れ|生活|人生|毎日|練習|訓練|現実|立場|心|胸)[はがも])[^、。]{0,3}?(辛)[いかくけさそ]": "ツラ",
    "(辛)い(?:思い|こと|とき|時|経験|気持ち|目に|日々|人生|仕事|過去|別れ|状況|立場|時期)": "ツラ",
    # Nouns with what stands around them.
    (
        "(?<![一-龥])(額)(?:に(?:汗|手|傷|しわ|皺|キス|当て|触|貼|乗せ|のせ|ぶつ)|を(?:冷|ぶつ|打|拭|ふ[いかきく]|ぬぐ|押さえ|こす|合わせ|怪我"
        "|けが|切|叩|たた)|の(?:汗|傷|しわ|皺)|が(?:広|狭|熱|痛|割れ)|から(?:汗|血)|(?:や|と)(?:頬|鼻|首|髪|目))"
    ): "ヒタイ",
    f"{_RULED}の(下)(?:[でにへをはがも、。]|から|まで|の|$)": "シタ",
    "(?:プロジェクト|リーダー|コーチ|チーム|ルール|法|指導|監督|支配|指揮|条件|管理|両親|親|先生|教授|政権|体制|原則|影響|保護|協力|命令|名|星)の(下)[でに]": "モト",
    "(空)(?:[をへがはも]|から|に(?![なしす])|まで|の(?:色|下|上|旅|青|雲|星|彼方|かなた|向こう|果て))": "ソラ",
    f"(空)の(?:大きな|小さな|古い)?{_VESSEL}": "カラ",
    f"{_VESSEL}(?:が|は|を|も)[^、。]{{0,4}}?(空)(?:[にだで。]|の|っぽ|$)": "カラ",
    "[をが](空)に(?:な[るりっれろ]|し[たてま]|する|すれ)": "カラ",
    f"(空)(?:いて(?:い?る|い?た)|いた){_FREE}": "ア",
    f"{_FREE}(?:が|は|も)[^、。]{{0,3}}?(空)[かきくい]": "ア",
    f"(?<![月0-9０-９一二三四五六七八九十])(一日)(?:中|目|[もでず]|ぐらい|くらい|ほど|だけ|休|働|に{_COUNTED})": "イチニチ",
    f"(一月)に{_MANY}": "ヒトツキ",
    "(一月)(?:ほど|くらい|ぐらい|以上|余り|前|後|近く|足らず|ぶり|もの|も(?:かか|あれ|た|前)|分の|経|たっ|かか)": "ヒトツキ",
    "(?:あと|まる|丸|たった|この|ここ)(一月)": "ヒトツキ",
    f"(?<!{_NUMERAL_BELOW_MAN})(十分){_AMOUNT}": "ジュウブン",
    f"(?<!{_NUMERAL_BELOW_MAN})(十分){_MINUTES}": "ジュップン",
    f"{_BEFORE_MINUTES}(十分)(?!に|な|使|でき|食べ|ある|あり|足|理解|楽)": "ジュップン",
    f"{_NUMERAL}時(十分)": "ジュップン",
    "(?:^|[、。「])(あのう)[、。…]": "アノー",
    f"(?<!{_NUMERAL_BELOW_MAN})(五分)(?:前|後|間|待|以内|ほど|くらい|ぐらい|しか|おき|ごと|で[着行終す])": "ゴフン",
    "(?:徒歩|歩いて|車で|バスで|電車で|駅から|約|あと)(五分)": "ゴフン",
    # Tenths of a degree.
    f"{_NUMERAL}度(一)分(?!間|前|後)": "イチ",
    f"{_NUMERAL}度(六)分(?!間|前|後)": "ロク",
    f"{_NUMERAL}度(五分)(?!間|前|後)": "ゴブ",
    f"{_NUMERAL}度(八分)(?!間|前|後)": "ハチブ",
    f"{_NUMERAL}度[一二三四六七九１-９](分)(?!間|前|後)": "ブ",
    "(?:女|男|女性|男性|お?二人|お?一人|お?連れ|担当|近所|ご?家族)の(方)(?:は|を|に|と|も|で(?:す|し)|たち|々|、|。)": "カタ",
    "(?:こちら|そちら|あちら)の(方)、[おご]": "カタ",
    "(?:御用|ご用)の(?:ある)?(方)[はをにともへ、。]": "カタ",
    "(?:眼鏡|めがね|メガネ|帽子|皿|コップ|カップ|グラス|池|崖|プール|器)の(縁)": "フチ",
    "(?:^|[、。]|私の?|僕の?|君の?|あなたの?|彼の|彼女の|母の|父の|すぐ)(側)に(?:い|座|立|置|寄|来|つ)": "ソバ",
    "(?<![一-龥])(金)(?:の(?:ネックレス|指輪|メダル|鎖|時計|延べ棒|斧|卵|色|価格|値段|腕輪|王冠|冠|像|ボタン|糸|食器|耳飾り)|[とや]銀|メダル|製|で(?:でき|出来|作|飾))": "キン",
    "(?:角形|図形|正方形|長方形)の(角)": "カク",
    "(?:舞台|ステージ)の(上手)": "カミテ",
    "(一行)で(?:まとめ|書|表|説明)": "イチギョウ",
    "(?<![一-龥])(愛で)(?:なく|は|も|あ|す|し)": "アイデ",
    "(?:入学|入会|分担|退職|見舞|違約|解約|賞|賠償|補償|保証|奨学|補助|助成|寄付|義援|協力|積立|慰謝|契約|手付)(金)": "キン",
    "(?:琴|鈴|虫)の(音)": "ネ",
    "と(風)[がはもにを]": "カゼ",
    "(?:風|車|電車|バス|光|電気|電流|空気|人|筋)が(通っ)[たて]": "トオッ",
    "(生)と死": "セイ",
    "(最新巻)": "サイシンカン",
    "(?:あまり|たくさん|もっと|いつも|まだ|もう|よく)(人)[がはをもに]": "ヒト",
    "(今)(?:シーズン|大会|学期|世紀|年度)": "コン",
    "(生肉)": "ナマニク",
    "(お手数)": "オテスウ",
    "に[^、。]{0,3}?(拘)(?:[りるれろっ]|らな)": "コダワ",
    "(?:いつも|予定|普段|文字|従来|希望|期待|約束|今まで|指示|計画|時間|規則|想像|説明)(通り)": "ドオリ",
    "川を[^、。を]{0,4}?(下)(?:[らっ]|り(?:ま|た|な|、))": "クダ",
    "(万人)(?:以上|以下|を超|規模)": "マンニン",
    "(何)(?:科目|種類|品目|教科|項目)": "ナン",
    "(?:中央|改札|非常|正面)(口)": "グチ",
    "(?:一日中|昨日|今日|今|毎日|明日|ずっと|週末)(家)[にでへを]": "イエ",
    "(?:ビル|建物|家|店|玄関)の(表)": "オモテ",
    "(表)(?:の(?:入り?口|通り|看板|庭|道|門|玄関)|で?は[^。]{0,12}裏)": "オモテ",
    "(何色)(?!も)": "ナニイロ",
    "(二人前)": "ニニンマエ",
    "(社会人)": "シャカイジン",
    "(明後日)": "アサッテ",
    "(一番頭)(?=[がはもの])": "イチバンアタマ",
    "(今日本)[にではへ語]": "イマニホン",
    "(街中)が": "マチジュウ",
    "(一番嫌い)": "イチバンキライ",
    "つ(星)(?:の|ホテル|レストラン|を|で|$)": "ボシ",
    "お(一つ)": "ヒトツ",
    "(?<![一-龥])(無)(?:から|に(?:帰|な[るっ]))": "ム",
    "(?:^|[。、])(今日)では(?:、|[^なあ])": "コンニチ",
    "(大会社)": "ダイガイシャ",
    f"{_HOT}(?:が|は|も)(辛)[いかくさ]": "カラ",
    "(?:さん|人|者|氏|君|彼|彼女|私|僕|先生|夫婦)が(開)い[たて]": "ヒラ",
    "目薬を(点)[さしすせそ]": "サ",
    "搭乗(口)": "グチ",
    "(?:頭|僧帽|腹|大胸|背|広背|括約)(筋)": "キン",
    "(?<![一-龥])(口)(?:が(?:き[けか]|悪|軽|堅|固|重|裂|開)|を(?:開|き[いくか]|出|閉|揃|そろ|つぐ|挟|滑))": "クチ",
    "(?<![一-龥])(金)(?:[はが](?:な[いかく]|あ[るり]|かか|足り|要|入)|を(?:借|貸|払|稼|使|貯|くれ|出|盗|もら|かけ))": "カネ",
    "お(食べ)": "タベ",
    "(?:試験|審査|検査|テスト|オーディション|面接|予選)に(通っ)[たて]": "トオッ",
    "(夜)[がも]明け": "ヨ",
    "(?:^|[、。])(表)[にで][^。]{0,8}(?:車|人|子供|子ども|誰|客|出|止|待|遊|並)": "オモテ",
    "(?:あの|この|その)(方)は(?:どな|ど[なち]|いらっしゃ|先生|社長|私の)": "カタ",
}
_WORD_OF_RULE = re.compile(r"\((?!\?)(.)")
_RULES_BY_LETTER = [
    (match[1], compile_lazy(pattern), reading)
    for pattern, reading in CONTEXT_RULES.items()
    for match in _WORD_OF_RULE.finditer(pattern)
]

#: Verbs that the dictionary has in pieces, and their forms.
_VERBS = frozenset({"揶揄", "彷徨"})
_FIVE_STEPS = "五段・ワ行促音便"
_FORMS = {
    "わ": (_FIVE_STEPS, "未然形"),
    "い": (_FIVE_STEPS, "連用形"),
    "う": (_FIVE_STEPS, "基本形"),
    "え": (_FIVE_STEPS, "仮定形"),
    "っ": (_FIVE_STEPS, "連用タ接続"),
    "われ": ("一段", "連用形"),
}
_DECIDED = frozenset(letter for letter, _, _ in _RULES_BY_LETTER) | frozenset(WEEKDAYS)


def analyze_in_context(text: str, dictionary: Dictionary) -> Nodes:
    """The dictionary's best analysis of a text, with what its context decides read so.

    Raises:
        ClipError: the text is too long.
    """
    return apply_context(dictionary.analyze_best(text), text, dictionary)


def apply_context(nodes: Nodes, text: str, dictionary: Dictionary) -> Nodes:
    """The best analysis of a text with what its context decides; the very same if that is nothing."""
    whole, changes, _ = find_context_changes(nodes)
    return override_reading(text, whole, changes, dictionary).nodes if changes else nodes


class ContextChanges(NamedTuple):
    """An analysis with split verbs merged, its changes in order, and the spans that context decides."""

    nodes: Nodes
    changes: list[ReadingChange]
    decided: list[tuple[int, int]]


def find_context_changes(nodes: Nodes) -> ContextChanges:
    """The changes that the context of its words makes to an analysis."""
    # Numbers are written otherwise in an analysis than in the text.
    spelled = nodes_to_text(nodes)
    if _DECIDED.isdisjoint(spelled):
        return ContextChanges(nodes, [], [])
    whole = _merge_verbs(nodes)
    found = _match_rules(spelled)
    return ContextChanges(
        whole,
        list(_select_changes(whole, spelled, found)),
        [(begin, end) for begin, end, _ in found],
    )


def _merge_verbs(nodes: Nodes) -> Nodes:
    """The words with 彷徨 and う as one verb, so that its う is no long vowel."""
    whole: Nodes = []
    for node in nodes:
        if not whole or whole[-1]["string"] not in _VERBS or node["string"] not in _FORMS:
            whole.append(node)
            continue
        verb = whole[-1] = whole[-1].copy()
        verb["string"] += node["string"]
        verb["pos"], verb["pos_group1"] = "動詞", "自立"
        verb["ctype"], verb["cform"] = _FORMS[node["string"]]
    return whole


def _select_changes(
    nodes: Nodes, text: str, decided: Iterable[tuple[int, int, str]]
) -> Iterator[ReadingChange]:
    """The words that the dictionary reads otherwise than their context requires, in order."""
    starts = {at: number for number, at in enumerate(find_word_starts(nodes))}
    done = 0
    for begin, end, reading in decided:
        first = starts.get(begin)
        last = next((starts[at] for at in range(end, len(text) + 1) if at in starts), None)
        if first is None or last is None or begin < done:
            continue
        words = nodes[first:last]
        done = stop = begin + len(nodes_to_text(words))
        if any(node["is_reading_protected"] for node in words):
            continue
        whole = reading + kana_to_katakana(text[end:stop])
        differs = pronunciation_key("".join(map(node_to_kana, words))) != pronunciation_key(whole)
        # 朝ご飯 is read well, but said as two words.
        if is_katakana(whole) and (differs or len(to_accent_phrases(words)) > 1):
            yield ReadingChange(first, last, whole)


def _match_rules(text: str) -> list[tuple[int, int, str]]:
    """Begin, end and reading of what its context decides, in order."""
    found = {
        match.start(1): (match.end(1), reading)
        for letter, pattern, reading in _RULES_BY_LETTER
        if letter in text
        for match in pattern.finditer(text)
    }
    found |= {begin: (end, reading) for begin, end, reading in find_weekdays(text)}
    return sorted((begin, *rest) for begin, rest in found.items())
